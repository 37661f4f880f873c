//! Programs in a network of their own, in which they reach the proxy and nothing else.

use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use gaiterguard_testkit::{EchoUpstream, finish};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::scene::{Arrived, RunScene, wrapped};

/// Whether this machine allows what confining needs. Where it does not, only the refusal can be tested.
#[expect(clippy::print_stderr, reason = "a test that checks less should say so")]
async fn is_possible(test: &str) -> bool {
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--net", "--mount", "--map-current-user", "true"]);
    let is_possible = finish(unshare, "").await.status.success();
    if !is_possible {
        eprintln!(
            "{test}: skipped, because this machine does not allow namespaces without privileges"
        );
    }
    is_possible
}

/// Returns the exit code, the standard output, and the standard error.
async fn ended(command: Command, input: &str) -> (i32, String, String) {
    let output = finish(command, input).await;
    (
        output.status.code().unwrap(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[tokio::test]
async fn a_confined_program_reaches_its_services_through_the_variables() {
    const PROGRAM: &str = "
import urllib.request
for scheme in ['https', 'http']:
    with urllib.request.urlopen(f'{scheme}://things.example/python') as response:
        print(response.status)
";
    if !is_possible("a_confined_program_reaches_its_services_through_the_variables").await {
        return;
    }
    let scene = RunScene::new().await;
    let run = ["--confine", "--label", "jailed", "--"];
    let curl = ["curl", "--fail", "--silent", "--show-error"];
    let urls = ["https://things.example/x", "http://things.example/x"];
    let arguments = [&run[..], &curl, &urls].concat();
    let (code, _, errors) = ended(scene.run(&arguments), "").await;
    assert_eq!((code, errors.as_str()), (0, ""));
    let arguments = [&run[..], &["python3", "-"]].concat();
    let (code, text, errors) = ended(scene.run(&arguments), PROGRAM).await;
    assert_eq!((code, text.as_str()), (0, "200\n200\n"), "{errors}");
    let node = "fetch('https://things.example/node').then((it) => console.log(it.status))";
    let arguments = [&run[..], &["node", "-e", node]].concat();
    let (code, text, errors) = ended(scene.run(&arguments), "").await;
    assert_eq!((code, text.as_str()), (0, "200\n"), "{errors}");

    let expected = [
        urls[0],
        urls[1],
        "https://things.example/python",
        "http://things.example/python",
        "https://things.example/node",
    ]
    .map(|url| Arrived {
        label: "jailed".to_owned(),
        url: url.to_owned(),
    });
    assert_eq!(scene.arrived().await, expected);

    // The program has neither the agent key nor a way to a host of no service.
    let arguments = [&run[..], &["env"]].concat();
    let (_, text, _) = ended(scene.run(&arguments), "").await;
    assert!(
        text.contains("HTTPS_PROXY=http://127.0.0.1:3128\n"),
        "{text}"
    );
    assert!(!text.contains(&scene.agent.key), "{text}");
    let other = [&run[..], &curl, &["https://other.example/"]].concat();
    let (code, _, errors) = ended(scene.run(&other), "").await;
    assert_eq!(code, 22, "{errors}");
    assert!(errors.contains("403"), "{errors}");
}

/// Tries every way out that does not use the variables, and prints what came of each.
const ESCAPES: &str = r"
import ctypes, json, os, socket, sys

def outcome(action):
    try:
        return str(action())
    except OSError as error:
        return type(error).__name__ + ': ' + str(error)

def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as it:
        it.settimeout(5)
        it.connect(address)
        return 'connected'

def send(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as it:
        it.sendto(b'x', address)
        return 'sent'

loopback, proxy, path, process = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
print(json.dumps({
    'loopback': outcome(lambda: connect(socket.AF_INET, ('127.0.0.1', loopback))),
    'proxy': outcome(lambda: connect(socket.AF_INET, ('127.0.0.1', proxy))),
    'address': outcome(lambda: connect(socket.AF_INET, ('8.8.8.8', 443))),
    'datagram': outcome(lambda: send(('8.8.8.8', 53))),
    'name': outcome(lambda: socket.getaddrinfo('example.com', 443)),
    'socket': outcome(lambda: connect(socket.AF_UNIX, path)),
    'abstract': outcome(lambda: connect(socket.AF_UNIX, '\0' + path)),
    'uncovered': str(ctypes.CDLL(None).umount2(path.encode(), 2)),
    'network': outcome(lambda: os.readlink(f'/proc/{process}/ns/net')),
    'user': [os.getuid(), os.getgid()],
}))
";

#[tokio::test]
async fn a_confined_program_that_ignores_the_variables_reaches_nothing() {
    if !is_possible("a_confined_program_that_ignores_the_variables_reaches_nothing").await {
        return;
    }
    let scene = RunScene::new().await;
    let server = EchoUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.sock");
    let unix = UnixListener::bind(&path).unwrap();
    unix.set_nonblocking(true).unwrap();
    let abstract_name =
        <std::os::unix::net::SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(
            path.to_str().unwrap(),
        );
    let _in_memory = UnixListener::bind_addr(&abstract_name.unwrap()).unwrap();
    let [loopback, proxy, process] = [
        u32::from(server.address().port()),
        u32::from(scene.proxy.port()),
        std::process::id(),
    ]
    .map(|number| number.to_string());
    let arguments = [
        "python3",
        "-c",
        ESCAPES,
        &loopback,
        &proxy,
        path.to_str().unwrap(),
        &process,
    ];

    // Without confinement the same program finds all of this, except what the machine itself does not have.
    let free = [&["--"][..], &arguments].concat();
    let (code, text, errors) = ended(scene.run(&free), "").await;
    assert_eq!(code, 0, "{errors}");
    let found: Value = serde_json::from_str(&text).unwrap();
    for way in ["loopback", "proxy", "socket", "abstract"] {
        assert_eq!(found[way], "connected", "{way}: {found}");
    }
    assert_eq!(server.connections(), 1);

    let confined = [&["--confine", "--"][..], &arguments].concat();
    let (code, text, errors) = ended(scene.run(&confined), "").await;
    assert_eq!(code, 0, "{errors}");
    let confined: Value = serde_json::from_str(&text).unwrap();
    for (way, error) in [
        ("loopback", "ConnectionRefusedError"),
        ("proxy", "ConnectionRefusedError"),
        ("address", "Network is unreachable"),
        ("datagram", "Network is unreachable"),
        ("name", "gaierror"),
        ("socket", "ConnectionRefusedError"),
        ("abstract", "ConnectionRefusedError"),
        ("network", "PermissionError"),
    ] {
        let outcome = confined[way].as_str().unwrap();
        assert!(outcome.contains(error), "{way}: {outcome}");
    }
    assert_eq!(confined["uncovered"], "-1");
    assert_eq!(confined["user"], found["user"]);
    assert_eq!(server.connections(), 1);
    unix.accept().unwrap();
    assert!(unix.accept().is_err(), "a confined program has connected");
    assert_eq!(scene.arrived().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confined_program_ends_like_any_other() {
    if !is_possible("a_confined_program_ends_like_any_other").await {
        return;
    }
    let scene = RunScene::new().await;
    for (script, expected) in [
        ("exit 7", 7),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
    ] {
        let run = scene.run(&["--confine", "--", "sh", "-c", script]);
        let (code, _, errors) = ended(run, "").await;
        assert_eq!((code, errors.as_str()), (expected, ""), "{script}");
    }
    let (code, _, errors) = ended(scene.run(&["--confine", "no-such-command"]), "").await;
    let expected = "gaiterguard: no-such-command: command not found\n";
    assert_eq!((code, errors.as_str()), (127, expected));
    let (code, text, _) = ended(scene.run(&["--confine", "cat", "-"]), "input").await;
    assert_eq!((code, text.as_str()), (0, "input"));

    let script = "trap 'echo received; exit 3' TERM; echo started; while :; do sleep 0.05; done";
    let run = scene.run(&["--confine", "--", "sh", "-c", script]);
    let mut run = wrapped(&["env", "--default-signal"], &run);
    let mut child = run
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    let mut started = [0; "started\n".len()];
    std::io::Read::read_exact(&mut output, &mut started).unwrap();
    let id = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
    let rest = std::io::read_to_string(output).unwrap();
    assert_eq!(rest, "received\n");
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

#[tokio::test]
async fn where_the_kernel_allows_no_namespaces_a_confined_program_is_not_started() {
    let scene = RunScene::new().await;
    let run = scene.run(&["--confine", "--", "sh", "-c", "echo started"]);
    let run = if is_possible("the refusal of a real kernel").await {
        // A user namespace in which no other can be created.
        let script = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$0\" \"$@\"";
        wrapped(
            &["unshare", "--user", "--map-root-user", "sh", "-c", script],
            &run,
        )
    } else {
        run
    };
    let (code, text, errors) = ended(run, "").await;
    assert_eq!((code, text.as_str()), (125, ""), "{errors}");
    let reason = "--confine needs user and network namespaces, and this machine refuses them: ";
    assert!(errors.contains(reason), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    for contradiction in [&["--confine", "--check"][..], &["--confine", "--env"]] {
        assert_eq!(ended(scene.run(contradiction), "").await.0, 2);
    }
}

#[tokio::test]
async fn a_held_request_of_a_confined_program_waits_as_long_as_its_user_says() {
    if !is_possible("a_held_request_of_a_confined_program").await {
        return;
    }
    let scene = RunScene::new().await;
    let rule = json!({
        "name": "Deletions", "effect": "require_approval", "enabled": true,
        "condition": "request.method == 'DELETE'",
    });
    scene.human.create_rule(rule).await;
    let url = "https://things.example/gate/7";
    let curl = [
        "--confine",
        "--wait",
        "1m",
        "--",
        "curl",
        "--fail",
        "--silent",
        "--request",
        "DELETE",
        url,
    ];
    let (output, held) = tokio::join!(
        finish(scene.run(&curl), ""),
        scene.human.decide_next("/gate/7", "approve", "fine")
    );
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert_eq!(held["label"], "curl");
    assert_eq!(scene.secure.only().method, "DELETE");
}
