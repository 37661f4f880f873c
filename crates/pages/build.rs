//! Rebuilds when the embedded files change: the assets and the built dashboard.

fn main() {
    println!("cargo::rerun-if-changed=assets");
    println!("cargo::rerun-if-changed=../../dashboard/dist");
}
