// Fills a register: seed.mjs SERVICE MODELS_ROOT MODELS FOLDERS. The folders are copies of those in tests/fixtures.
import { cpSync, readdirSync } from "node:fs";

const [service, root, models, folders] = process.argv.slice(2);
const sources = readdirSync(root);
for (let number = 1; number <= Number(folders); number += 1) {
  cpSync(`${root}/${sources[number % sources.length]}`, `${root}/seed-${number}`, { recursive: true });
}
const item = (number) => ({
  technical_name: `seed-${number}`,
  model_name: `Seed ${number}`,
  path: `models/seed-${(number % Number(folders)) + 1}`,
  tags: [`tag-${number % 7}`],
  properties: { number },
});
for (let first = 1; first <= Number(models); first += 200) {
  const items = Array.from({ length: Math.min(200, Number(models) - first + 1) }, (_, index) => item(first + index));
  const answer = await fetch(`${service}/api/v1/base-models/batch`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ items }),
  });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
}
