//! The people of a workspace: who joins, what each role may do, and what ends when somebody leaves.

mod invitations;
mod members;
mod roles;
