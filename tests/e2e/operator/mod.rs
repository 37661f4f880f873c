//! What people who set the gateway up rely on.

mod documents;
mod first_account;
mod first_run;
mod kill_switch;
mod password_prompt;
mod sessions;
mod settings;
mod sign_in;
mod test_call;
