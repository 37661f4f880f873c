//! Promises to the people who run the gateway: crashes, outages, limits, commands.

mod audit_log;
mod big_bodies;
mod commands;
mod crash;
mod damaged_rows;
mod database_outage;
mod kill_loop;
mod limits;
mod proofs;
mod replicas;
mod secret_rotation;
