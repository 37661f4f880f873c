#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gaiterguard_fuzz::read_response(data));
