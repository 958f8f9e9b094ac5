-- Makes :count base models with facts and cards as real ones have them, for measuring. The facts are those that the service
-- would make of the cards, which a test holds; the words are close to its own.

-- Rows are put in faster without indexes, and indexes that are made at once are those that a REINDEX would give.
CREATE TEMPORARY TABLE dropped AS
    SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename = 'base_models' AND indexname NOT IN (SELECT conname FROM pg_constraint);

DO $$
DECLARE index record;
BEGIN
    FOR index IN SELECT indexname FROM dropped LOOP
        EXECUTE format('DROP INDEX %I', index.indexname);
    END LOOP;
END $$;

INSERT INTO base_models (
    id, technical_name, model_name, model_name_key, path, description, tags, properties, card, created_at, updated_at,
    tag_keys, name_words, record_words, facts_version, card_words, card_status, family, architectures, architecture_keys,
    library, task, license, languages, capabilities, weights_format, quantization, dtype, parameters, context_length,
    size_bytes
)
WITH families (place, family, architecture, label, task, library, capabilities, context_length) AS (VALUES
    (0, 'qwen2', 'Qwen2ForCausalLM', 'Qwen2.5', 'text-generation', 'transformers', '{completion,chat,tools}'::text[], 32768),
    (1, 'llama', 'LlamaForCausalLM', 'Llama-3.1', 'text-generation', 'transformers', '{completion,chat,tools}', 131072),
    (2, 'mistral', 'MistralForCausalLM', 'Mistral', 'text-generation', 'transformers', '{completion,chat}', 32768),
    (3, 'gemma2', 'Gemma2ForCausalLM', 'Gemma-2', 'text-generation', 'transformers', '{completion,chat}', 8192),
    (4, 'phi3', 'Phi3ForCausalLM', 'Phi-3.5', 'text-generation', 'transformers', '{completion,chat}', 131072),
    (5, 'bert', 'BertForMaskedLM', 'BERT', 'fill-mask', 'transformers', '{}', 512),
    (6, 'bert', 'BertModel', 'MiniLM', 'sentence-similarity', 'sentence-transformers', '{embedding}', 512),
    (7, 'qwen2_vl', 'Qwen2VLForConditionalGeneration', 'Qwen2-VL', 'image-text-to-text', 'transformers', '{completion,chat,vision}', 32768),
    (8, 'whisper', 'WhisperForConditionalGeneration', 'Whisper', 'automatic-speech-recognition', 'transformers', '{audio}', NULL),
    (9, 'deepseek_v3', 'DeepseekV3ForCausalLM', 'DeepSeek-V3', 'text-generation', 'transformers', '{completion,chat,tools,thinking}', 163840)
),
-- Numbers that look random and are the same each time.
drawn AS (
    SELECT n, (hashint8extended(n, 1) & 1023) AS a, (hashint8extended(n, 2) & 1023) AS b,
        (hashint8extended(n, 3) & 1023) AS c, (hashint8extended(n, 4) & 1023) AS d, (hashint8extended(n, 5) & 1048575) AS e
    FROM generate_series(1, :count) AS n
),
facts AS (
    SELECT drawn.*, families.*,
        (ARRAY[0.5, 1.5, 3, 7, 8, 14, 32, 70])[1 + b % 8] AS billions,
        (ARRAY['apache-2.0', 'apache-2.0', 'apache-2.0', 'mit', 'llama3.1', 'gemma', 'other', NULL])[1 + c % 8] AS license,
        CASE WHEN d < 60 THEN 'awq' WHEN d < 120 THEN 'gptq' WHEN d < 200 THEN 'q4_k_m' WHEN d < 240 THEN 'fp8' END
            AS quantization,
        CASE WHEN d BETWEEN 120 AND 199 THEN 'gguf' WHEN d > 1000 THEN 'pytorch' ELSE 'safetensors' END AS weights_format,
        (ARRAY['bfloat16', 'bfloat16', 'float16', 'float32'])[1 + e % 4] AS dtype,
        CASE WHEN e % 50 = 0 THEN 'partial' ELSE 'complete' END AS card_status,
        (ARRAY['{en}', '{en,zh}', '{en,de,fr,es,it}', '{}'])[1 + (a + c) % 4]::text[] AS languages,
        (ARRAY['{prod}', '{}', '{}', '{test,chat}', '{archive}', '{}', '{nlp,prod}', '{}'])[1 + (b + d) % 8]::text[] AS tags,
        (ARRAY['Instruct', 'Base', 'Chat', 'Coder', 'Math', 'Instruct'])[1 + (c + d) % 6] AS variant,
        CASE WHEN a % 4 = 0 THEN 'Fine-tuned by team ' || c || ' for its assistant' END AS description,
        CASE WHEN e % 200 = 0 THEN 'A model that summarises reports of the plant.'
            ELSE 'An autoregressive language model with grouped-query attention, trained on public text and code.' END AS about
    FROM drawn JOIN families ON families.place = CASE WHEN a < 300 THEN 0 WHEN a < 560 THEN 1 ELSE a % 10 END
),
records AS (
    SELECT facts.*, label || '-' || billions || 'B-' || variant || '-' || n AS model_name,
        CASE WHEN e % 33 <> 0 THEN (billions * 1e9)::bigint + e END AS parameters
    FROM facts
)
SELECT
    gen_random_uuid(), 'm' || n, model_name, lower(model_name), 'models/' || model_name, description, tags,
    jsonb_build_object('team', 'team-' || c),
    format($card${"schema_version":1,"status":%1$s,"extracted_at":"2026-11-24T08:00:00Z","extractor":"base-models 0.1.0","fingerprint":"sha256:%16$s","family":%2$s,"architectures":[%3$s],"library":%4$s,"task":%5$s,"modalities":{"input":["text"],"output":["text"]},"capabilities":%6$s,"description":%7$s,"version":null,"license":{"id":%8$s,"name":null,"link":null},"languages":%9$s,"tags":[],"authors":[],"datasets":[],"base_models":[],"references":[],"limitations":null,"training_objectives":[],"training_framework":null,"released_at":null,"architecture":{"kind":"decoder","hidden_size":2048,"num_hidden_layers":16,"num_attention_heads":32,"num_key_value_heads":8,"head_dim":64,"intermediate_size":8192,"vocab_size":128256,"context_length":%10$s,"context_length_extended":null,"sliding_window":null,"rope_theta":500000.0,"rope_scaling":null,"tie_word_embeddings":true,"attention":"gqa","experts":null,"mla":null,"layers":null,"state_space":null,"decoder":null,"vision":null,"audio":null},"weights":{"format":%11$s,"parameters":{"total":%12$s,"active":null,"by_dtype":{},"exact":false},"dtype":%13$s,"quantization":%14$s,"size_bytes":%15$s,"shards":{"expected":null,"found":0},"variants":[]},"tokenizer":{"class":"PreTrainedTokenizerFast","vocab_size":null,"max_length":131072,"bos_token":"<|begin_of_text|>","eos_token":"<|eot_id|>","pad_token":null},"chat_template":{"default":"{{- bos_token }}\n{%%- if custom_tools is defined %%}\n    {%%- set tools = custom_tools %%}\n{%%- endif %%}\n{%%- if not tools_in_user_message is defined %%}\n    {%%- set tools_in_user_message = true %%}\n{%%- endif %%}\n{%%- if not date_string is defined %%}\n    {%%- if strftime_now is defined %%}\n        {%%- set date_string = strftime_now(\"%%d %%b %%Y\") %%}\n    {%%- else %%}\n        {%%- set date_string = \"26 Jul 2024\" %%}\n    {%%- endif %%}\n{%%- endif %%}\n{%%- if not tools is defined %%}\n    {%%- set tools = none %%}\n{%%- endif %%}\n\n{#- This block extracts the system message, so we can slot it into the right place. #}\n{%%- if mes","named":{}},"generation":{"temperature":null,"top_p":null,"top_k":null,"min_p":null,"repetition_penalty":null,"max_new_tokens":null,"do_sample":null,"eos_token_ids":[128001]},"adapter":null,"embedding":null,"sources":{"/architecture/attention":{"file":null,"pointer":null,"derived":"fewer key/value heads than heads"},"/architecture/context_length":{"file":"config.json","pointer":"/max_position_embeddings","derived":null},"/architecture/head_dim":{"file":"config.json","pointer":"/head_dim","derived":null},"/architecture/hidden_size":{"file":"config.json","pointer":"/hidden_size","derived":null},"/architecture/intermediate_size":{"file":"config.json","pointer":"/intermediate_size","derived":null},"/architecture/kind":{"file":null,"pointer":null,"derived":"by the task and the class of the model"},"/architecture/num_attention_heads":{"file":"config.json","pointer":"/num_attention_heads","derived":null},"/architecture/num_hidden_layers":{"file":"config.json","pointer":"/num_hidden_layers","derived":null},"/architecture/num_key_value_heads":{"file":"config.json","pointer":"/num_key_value_heads","derived":null},"/architecture/rope_theta":{"file":"config.json","pointer":"/rope_theta","derived":null},"/architecture/tie_word_embeddings":{"file":"config.json","pointer":"/tie_word_embeddings","derived":null},"/architecture/vocab_size":{"file":"config.json","pointer":"/vocab_size","derived":null},"/architectures":{"file":"config.json","pointer":"/architectures","derived":null},"/capabilities/0":{"file":"config.json","pointer":"/architectures","derived":"the task is text-generation"},"/capabilities/1":{"file":"tokenizer_config.json","pointer":"/chat_template","derived":"there is a chat template"},"/capabilities/2":{"file":"tokenizer_config.json","pointer":"/chat_template","derived":"the chat template has tools"},"/chat_template/default":{"file":"tokenizer_config.json","pointer":"/chat_template","derived":null},"/family":{"file":"config.json","pointer":"/model_type","derived":null},"/generation/eos_token_ids":{"file":"config.json","pointer":"/eos_token_id","derived":null},"/library":{"file":"config.json","pointer":null,"derived":"by the keys of the file"},"/modalities/input/0":{"file":"config.json","pointer":"/architectures","derived":"the task is text-generation"},"/modalities/output/0":{"file":"config.json","pointer":"/architectures","derived":"the task is text-generation"},"/task":{"file":"config.json","pointer":"/architectures","derived":"by the model's class"},"/tokenizer/bos_token":{"file":"tokenizer_config.json","pointer":"/bos_token","derived":null},"/tokenizer/class":{"file":"tokenizer_config.json","pointer":"/tokenizer_class","derived":null},"/tokenizer/eos_token":{"file":"tokenizer_config.json","pointer":"/eos_token","derived":null},"/tokenizer/max_length":{"file":"tokenizer_config.json","pointer":"/model_max_length","derived":null},"/weights/dtype":{"file":"config.json","pointer":"/torch_dtype","derived":null},"/weights/parameters/total":{"file":null,"pointer":null,"derived":"total of the closed form of the configuration: embeddings, attention, feed-forward and norms"}},"warnings":[{"code":"no_weights","path":"/weights","detail":"the folder holds no weights: put them beside the configuration, or register the folder that has them","files":[]}],"files":[{"path":"config.json","size_bytes":559,"kind":"config","read":true},{"path":"special_tokens_map.json","size_bytes":296,"kind":"tokenizer","read":true},{"path":"tokenizer_config.json","size_bytes":54528,"kind":"tokenizer","read":true}]}$card$,
        to_json(card_status), to_json(family), to_json(architecture), to_json(library), to_json(task),
        to_json(capabilities), to_json(about), coalesce(to_json(license)::text, 'null'), to_json(languages),
        coalesce(context_length::text, 'null'), to_json(weights_format), coalesce(parameters::text, 'null'),
        to_json(dtype),
        coalesce('{"method":' || to_json(quantization) || ',"bits":4,"group_size":null}', 'null'),
        coalesce((parameters * 2)::text, 'null'), md5(n::text)
    )::json,
    timestamptz '2024-01-01' + n * interval '37 seconds', timestamptz '2024-01-01' + (n + e) * interval '37 seconds',
    tags, array_to_tsvector(string_to_array(lower(translate(model_name, '.-', '  ')) || ' m' || n, ' ')),
    to_tsvector('simple', coalesce(description, '') || ' ' || array_to_string(tags, ' ')), 1,
    to_tsvector('simple', concat_ws(' ', family, architecture, license, about)), card_status, family,
    ARRAY[architecture], ARRAY[lower(architecture)], library, task, license, languages, capabilities, weights_format,
    quantization, dtype, parameters, context_length, parameters * 2
FROM records;

SET maintenance_work_mem = '256MB';

DO $$
DECLARE index record;
BEGIN
    FOR index IN SELECT indexdef FROM dropped LOOP
        EXECUTE index.indexdef;
    END LOOP;
END $$;

-- An index that is made again has lost what the migrations set of it.
ALTER INDEX base_models_words ALTER COLUMN 1 SET STATISTICS 500;
