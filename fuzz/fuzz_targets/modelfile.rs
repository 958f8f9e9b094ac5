#![no_main]

use base_models::templates::modelfile::Modelfile;
use base_models::templates::modelfile::grammar::read;

// The first byte of each line's worth of input chooses the command, the rest is its value.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = read(&String::from_utf8_lossy(bytes));
    let mut file = Modelfile::default();
    let mut expected = Vec::new();
    for part in bytes.split(|&byte| byte == 0xff) {
        let Some((kind, value)) = part.split_first() else { continue };
        let value = String::from_utf8_lossy(value);
        let (name, done) = match kind % 6 {
            0 => ("model", file.from(&value)),
            1 => ("template", file.template(&value)),
            2 => ("system", file.system(&value)),
            3 => ("license", file.license(&value)),
            4 => ("stop", file.parameter("stop", &value)),
            _ => {
                file.comment(&value);
                continue;
            }
        };
        if done.is_ok() {
            expected.push((name.to_owned(), value.into_owned()));
        }
    }
    let commands = read(&file.text()).expect("what was written reads");
    let read: Vec<_> = commands.into_iter().map(|command| (command.name, command.value)).collect();
    assert_eq!(read, expected);
});
