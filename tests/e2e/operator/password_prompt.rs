//! A password prompt at a terminal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gaiterguard_testkit::{Human, Storage, TestGateway, eventually};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

const LIMIT: Duration = Duration::from_secs(20);

/// Runs a command at a terminal, types each of `responses` at its prompt, and returns what the terminal shows and
/// whether the command succeeded.
async fn at_a_terminal(
    gateway: &TestGateway,
    arguments: &[&str],
    responses: &[&str],
) -> (String, bool) {
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&keyboard).unwrap();
    unlockpt(&keyboard).unwrap();
    let name = ptsname(&keyboard, Vec::new()).unwrap();
    let terminal = File::options()
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    let mut child = gateway
        .command(arguments)
        .stdin(Stdio::from(terminal.try_clone().unwrap()))
        .stdout(Stdio::from(terminal.try_clone().unwrap()))
        .stderr(Stdio::from(terminal.try_clone().unwrap()))
        .spawn()
        .unwrap();

    let mut keyboard = File::from(keyboard);
    let screen = Arc::new(Mutex::new(String::new()));
    let (mut shown, on_screen) = (keyboard.try_clone().unwrap(), Arc::clone(&screen));
    let watching = std::thread::spawn(move || {
        let mut piece = [0; 256];
        // Once no process has the terminal open, reading fails.
        while let Ok(count @ 1..) = shown.read(&mut piece) {
            let text = String::from_utf8_lossy(&piece[..count]).into_owned();
            on_screen.lock().unwrap().push_str(&text);
        }
    });
    for (index, response) in responses.iter().enumerate() {
        eventually("the command asks", LIMIT, || async {
            let asked = screen.lock().unwrap().matches(": ").count();
            (asked == index + 1).then_some(())
        })
        .await;
        keyboard
            .write_all(format!("{response}\n").as_bytes())
            .unwrap();
    }
    let status = eventually("the command ends", LIMIT, || {
        let ended = child.try_wait().unwrap();
        async move { ended }
    })
    .await;
    let modes = tcgetattr(&terminal).unwrap().local_modes;
    assert!(
        modes.contains(LocalModes::ECHO),
        "the terminal stays silent"
    );
    drop(terminal);
    watching.join().unwrap();
    let seen = screen.lock().unwrap().clone();
    (seen, status.success())
}

#[tokio::test]
async fn a_password_is_asked_for_twice_and_not_shown() {
    let password = "typed where nobody sees it";
    let gateway = TestGateway::builder(Storage::Sqlite).prepare().await;
    let create = ["user", "create", "typist@example.com"];

    let responses = [password, "typed where nobody sees ti"];
    let (seen, succeeded) = at_a_terminal(&gateway, &create, &responses).await;
    assert!(!succeeded && seen.contains("differ"), "{seen}");
    assert!(!seen.contains("typed where"), "{seen}");

    let (seen, succeeded) = at_a_terminal(&gateway, &create, &[password, password]).await;
    assert!(succeeded && seen.contains("created user"), "{seen}");
    assert!(!seen.contains(password), "{seen}");

    let mut gateway = gateway;
    gateway.restart().await;
    Human::log_in(&gateway, "typist@example.com", password).await;
}
