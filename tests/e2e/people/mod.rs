//! The people of a workspace: who joins, what each role may do, and what ends when somebody leaves.

mod channel_urls;
mod invitation_mail;
mod invitations;
mod members;
mod roles;
