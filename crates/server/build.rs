//! The dashboard is embedded as it was built; nothing is built here.

fn main() {
    println!("cargo::rerun-if-changed=assets");
    println!("cargo::rerun-if-changed=../../dashboard/dist");
}
