//! nginx with one worker, as a reverse proxy that adds the credential: the external yardstick.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    BenchResult, process,
    upstream::{CREDENTIAL, Listening, listen},
};

/// Starts nginx in front of `upstream`; `None` if nginx is missing and cannot be installed.
pub fn start(directory: &Path, upstream: SocketAddr) -> BenchResult<Option<Listening>> {
    let Some(binary) = find().or_else(install) else {
        return Ok(None);
    };
    let address = process::free_address()?;
    let home = directory.join("nginx");
    fs::create_dir_all(&home)?;
    let file = home.join("nginx.conf");
    fs::write(&file, configuration(&home, address, upstream))?;
    let mut command = Command::new(binary);
    command
        .arg("-p")
        .arg(&home)
        .arg("-c")
        .arg(&file)
        .arg("-e")
        .arg(home.join("error.log"));
    listen("nginx", command, address, directory).map(Some)
}

/// Nginx at its best: logging is off, connections are kept alive on both sides, and streamed bodies are
/// not buffered in temporary files.
fn configuration(home: &Path, address: SocketAddr, upstream: SocketAddr) -> String {
    let home = home.display();
    let user = if is_root() { "user root;" } else { "" };
    format!(
        r#"{user}
daemon off;
worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    upstream stub {{
        server {upstream};
        keepalive 256;
        keepalive_requests 1000000000;
    }}
    server {{
        listen {address};
        location / {{
            proxy_pass http://stub;
            proxy_http_version 1.1;
            proxy_max_temp_file_size 0;
            proxy_request_buffering off;
            client_max_body_size 0;
            proxy_set_header Connection "";
            proxy_set_header Authorization "Bearer {CREDENTIAL}";
        }}
    }}
}}
"#
    )
}

fn find() -> Option<PathBuf> {
    [
        "/usr/sbin/nginx",
        "/usr/bin/nginx",
        "/usr/local/sbin/nginx",
        "/usr/local/bin/nginx",
    ]
    .map(PathBuf::from)
    .into_iter()
    .find(|path| path.exists())
}

/// Installs Debian's package, if the bench may install packages.
fn install() -> Option<PathBuf> {
    if !is_root() {
        return None;
    }
    Command::new("apt-get")
        .args(["install", "-y", "--no-install-recommends", "nginx-light"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    find()
}

/// Whether the bench runs as root.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
