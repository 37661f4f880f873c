//! Promises to the people who set up the gateway.

mod documents;
mod first_account;
mod first_run;
mod kill_switch;
mod password_prompt;
mod second_factor;
mod sessions;
mod settings;
mod sign_in;
mod single_sign_on;
mod test_call;
