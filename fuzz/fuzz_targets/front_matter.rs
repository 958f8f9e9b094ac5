#![no_main]

use base_models::cards::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzzing::front_matter(bytes));
