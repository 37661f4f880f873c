//! Measures everything side by side in one command, and prints the table and the goals.

use std::{
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Parser;
use gaiterguard_bench::{
    BenchError, BenchResult, awake, callgrind,
    extras::Bench,
    gateway::{Access, Gateway, GatewaySettings},
    goals::{self, Extras},
    ledger,
    load::{self, Accounted, Load},
    machine, nginx,
    postgres::{self, Postgres},
    process,
    report::{self, Row},
    sample::Sample,
    scenario::{self, Scenario, name},
    upstream::{self, Listening, Protocol},
};
use tokio::runtime::Runtime;

/// Measures the gateway side by side with the simplest alternatives, in one run.
#[derive(Parser)]
struct Arguments {
    /// Rounds; each measures every system once, and medians over the rounds are reported.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of load on a system in a round.
    #[arg(long, default_value_t = 1.5)]
    seconds: f64,
    /// Connections, each with one request in flight.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64")]
    connections: Vec<usize>,
    /// Only rows whose name contains one of these.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// The gateway's binary; by default the one next to this binary.
    #[arg(long)]
    gateway: Option<PathBuf>,
    /// Without the gateway: only the yardsticks.
    #[arg(long)]
    without_gateway: bool,
    /// Without memory, start, streams and waits.
    #[arg(long)]
    without_extras: bool,
    /// Also counts user instructions per request, under callgrind.
    #[arg(long)]
    callgrind: bool,
    /// Where callgrind's profile is kept, for `callgrind_annotate`.
    #[arg(long, requires = "callgrind")]
    callgrind_profile: Option<PathBuf>,
    /// Where data is written: durable rows need a real disk. By default the system's temporary
    /// folder.
    #[arg(long)]
    directory: Option<PathBuf>,
}

/// Load on a system before its round is measured.
const WARM_UP: Duration = Duration::from_millis(300);

fn main() -> BenchResult<()> {
    if std::env::args().nth(1).as_deref() == Some(awake::SPIN_ARGUMENT) {
        awake::spin_until_input_ends();
        return Ok(());
    }
    let arguments = Arguments::parse();
    let parent = arguments
        .directory
        .clone()
        .unwrap_or_else(std::env::temp_dir);
    let directory = tempfile::Builder::new()
        .prefix("gaiterguard-bench-")
        .tempdir_in(parent)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let mut systems = Systems::start(&arguments, directory.path(), &runtime)?;
    let rows = measure_rows(&arguments, &systems, directory.path());
    let extras = if arguments.without_gateway {
        Extras::default()
    } else {
        measure_extras(&arguments, &systems, directory.path(), &runtime)?
    };
    systems.gateways.clear();
    if let Some(postgres) = &mut systems.postgres {
        runtime.block_on(postgres.clean_up())?;
    }
    print(&arguments, &rows, &extras, directory.path())
}

fn print(
    arguments: &Arguments,
    rows: &[Row],
    extras: &Extras,
    directory: &Path,
) -> BenchResult<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}.", machine::describe(directory))?;
    writeln!(
        out,
        "Medians of {} rounds of {} s, systems in turn; stub upstream on one thread, 1 KB of JSON.\n",
        arguments.rounds, arguments.seconds
    )?;
    writeln!(out, "{}", report::table(rows))?;
    if !arguments.without_gateway {
        writeln!(out, "{}", goals::table(rows, extras))?;
    }
    Ok(())
}

/// Everything that runs during the measurements.
struct Systems {
    scenarios: Vec<Scenario>,
    gateways: Vec<Gateway>,
    nginx: Option<Listening>,
    postgres: Option<Postgres>,
    raw_postgres: Option<String>,
    stub: Listening,
    tls_stubs: Vec<Listening>,
    binaries: PathBuf,
    gateway_binary: PathBuf,
    _passthrough: Listening,
}

impl Systems {
    fn start(arguments: &Arguments, directory: &Path, runtime: &Runtime) -> BenchResult<Self> {
        let own = std::env::current_exe()?;
        let binaries = own.parent().ok_or("the bench's binary is nowhere")?;
        let gateway_binary = arguments
            .gateway
            .clone()
            .unwrap_or_else(|| binaries.join("gaiterguard"));
        let stub = upstream::start_stub(binaries, directory)?;
        let nginx = nginx::start(directory, stub.address)?;
        let passthrough = upstream::start_passthrough(binaries, directory, stub.address)?;
        let mut postgres = Postgres::start(database_url(), directory)?;
        let raw_postgres = postgres
            .as_mut()
            .map(|postgres| runtime.block_on(postgres.create_database("raw")))
            .transpose()?;

        let mut scenarios = vec![Scenario {
            name: name::DIRECT,
            target: scenario::plain_get(stub.address, true)?,
            accounted: Accounted::default(),
        }];
        for (name, system) in [
            (name::NGINX, nginx.as_ref()),
            (name::HYPER, Some(&passthrough)),
        ] {
            let Some(system) = system else {
                note(&format!("{name}: not here, and not to be installed"));
                continue;
            };
            scenarios.push(Scenario {
                name,
                target: scenario::plain_get(system.address, false)?,
                accounted: Accounted {
                    system: Some(system.daemon.pid()),
                    database: None,
                },
            });
        }
        let mut systems = Self {
            scenarios,
            gateways: Vec::new(),
            nginx,
            postgres,
            raw_postgres,
            stub,
            tls_stubs: Vec::new(),
            binaries: binaries.to_owned(),
            gateway_binary,
            _passthrough: passthrough,
        };
        if !arguments.without_gateway {
            systems.start_gateways(directory, runtime)?;
        }
        systems
            .scenarios
            .retain(|scenario| runtime.block_on(responds_with_200(scenario)));
        Ok(systems)
    }

    fn start_gateways(&mut self, directory: &Path, runtime: &Runtime) -> BenchResult<()> {
        let run = postgres::random_hex()?;
        let (gateway, access) = self.start_gateway(directory, "sqlite", None, runtime)?;
        let accounted = Accounted {
            system: Some(gateway.daemon.pid()),
            database: None,
        };
        let address = gateway.address;
        let key = || access.ruled_key.clone();
        for (name, target) in [
            (name::GET, scenario::proxied_get(address, vec![key()])?),
            (
                name::DOOR,
                scenario::door_get(address, &access.ruled_key, upstream::RESOURCE_PATH)?,
            ),
            (name::POST, scenario::proxied_post(address, key(), &run)?),
            (name::REPLAY, scenario::replayed_post(address, key(), &run)?),
            (
                name::POST_LONG,
                scenario::proxied_long_post(address, key(), &run)?,
            ),
        ] {
            self.scenarios.push(Scenario {
                name,
                target,
                accounted,
            });
        }
        self.gateways.push(gateway);
        for (protocol, name) in [
            (Protocol::Http1, name::GET_TLS),
            (Protocol::Http2, name::GET_HTTP_2),
        ] {
            self.start_before_tls(directory, runtime, protocol, name)?;
        }

        let Some(postgres) = &mut self.postgres else {
            note("PostgreSQL: not here");
            return Ok(());
        };
        let url = runtime.block_on(postgres.create_database("gateway"))?;
        let database = postgres.pid();
        let (gateway, access) = self.start_gateway(directory, "postgres", Some(url), runtime)?;
        let accounted = Accounted {
            system: Some(gateway.daemon.pid()),
            database,
        };
        let address = gateway.address;
        for (name, target) in [
            (
                name::GET_POSTGRES,
                scenario::proxied_get(address, vec![access.ruled_key.clone()])?,
            ),
            (
                name::POST_POSTGRES,
                scenario::proxied_post(address, access.ruled_key, &run)?,
            ),
        ] {
            self.scenarios.push(Scenario {
                name,
                target,
                accounted,
            });
        }
        self.gateways.push(gateway);
        Ok(())
    }

    /// Starts a gateway in front of an upstream with TLS that chooses this protocol.
    fn start_before_tls(
        &mut self,
        directory: &Path,
        runtime: &Runtime,
        protocol: Protocol,
        name: &'static str,
    ) -> BenchResult<()> {
        let (stub, certificate) =
            upstream::start_tls_stub(&self.binaries, directory, "127.0.0.1", protocol)?;
        let data = directory.join(format!("{protocol:?}"));
        std::fs::create_dir_all(&data)?;
        let mut settings = GatewaySettings::on_sqlite(&self.gateway_binary, data);
        settings.upstream_ca_file = Some(certificate);
        let (gateway, access) = runtime.block_on(async {
            let gateway = Gateway::start(&settings).await?;
            let access = gateway
                .set_up_at(&format!("https://{}", stub.address))
                .await?;
            BenchResult::Ok((gateway, access))
        })?;
        self.scenarios.push(Scenario {
            name,
            target: scenario::proxied_get(gateway.address, vec![access.ruled_key])?,
            accounted: Accounted {
                system: Some(gateway.daemon.pid()),
                database: None,
            },
        });
        self.gateways.push(gateway);
        self.tls_stubs.push(stub);
        Ok(())
    }

    fn start_gateway(
        &self,
        directory: &Path,
        purpose: &str,
        database_url: Option<String>,
        runtime: &Runtime,
    ) -> BenchResult<(Gateway, Access)> {
        let data = directory.join(purpose);
        std::fs::create_dir_all(&data)?;
        let mut settings = GatewaySettings::on_sqlite(&self.gateway_binary, data);
        settings.database_url = database_url;
        runtime.block_on(async {
            let gateway = Gateway::start(&settings).await?;
            let access = gateway.set_up(self.stub.address).await?;
            Ok((gateway, access))
        })
    }
}

/// Returns whether the scenario's request gets a 200. A request that is refused would only fill the time
/// with refusals.
async fn responds_with_200(scenario: &Scenario) -> bool {
    let mut target = scenario.target.clone();
    target.proxy_status = None;
    noted(scenario.name, load::send(&target, 1, 1).await).is_some()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the bench has no settings room: this is it"
)]
fn database_url() -> Option<String> {
    std::env::var("BENCH_DATABASE_URL")
        .or_else(|_| std::env::var("TEST_DATABASE_URL"))
        .ok()
}

fn measure_rows(arguments: &Arguments, systems: &Systems, directory: &Path) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let measure = Duration::from_secs_f64(arguments.seconds);
    let wanted = |name: &str| {
        arguments.only.is_empty()
            || arguments
                .only
                .iter()
                .any(|part| name.contains(part.as_str()))
    };
    let scenarios: Vec<&Scenario> = systems
        .scenarios
        .iter()
        .filter(|scenario| wanted(scenario.name))
        .collect();
    for round in 0..arguments.rounds {
        for &connections in &arguments.connections {
            note(&format!(
                "round {} of {}, {connections} connections",
                round + 1,
                arguments.rounds
            ));
            let load = Load {
                connections,
                warm_up: WARM_UP,
                measure,
            };
            // Rotate, so that no system gains from its position in the round.
            for index in 0..scenarios.len() {
                let scenario = scenarios[(index + round) % scenarios.len()];
                let sample = measure_scenario(scenario, load);
                record(&mut rows, scenario.name, connections, sample);
            }
        }
        let load = Load {
            connections: goals::CONNECTIONS,
            warm_up: WARM_UP,
            measure,
        };
        if wanted(name::RAW_SQLITE) {
            let sample = ledger::measure_sqlite(directory, load);
            record(&mut rows, name::RAW_SQLITE, load.connections, sample);
        }
        if let Some(url) = systems
            .raw_postgres
            .as_ref()
            .filter(|_| wanted(name::RAW_POSTGRES))
        {
            let sample = ledger::measure_postgres(url, load);
            record(&mut rows, name::RAW_POSTGRES, load.connections, sample);
        }
    }
    for row in &mut rows {
        let scenario = scenarios.iter().find(|scenario| scenario.name == row.name);
        let pid = scenario.and_then(|scenario| scenario.accounted.system);
        row.peak_memory = pid.and_then(|pid| process::peak_memory(pid).ok());
    }
    let order = |row: &Row| {
        let place = scenarios
            .iter()
            .position(|scenario| scenario.name == row.name);
        (
            std::cmp::Reverse(row.connections),
            place.unwrap_or(scenarios.len()),
        )
    };
    rows.sort_by_key(order);
    rows
}

fn measure_scenario(scenario: &Scenario, load: Load) -> BenchResult<Sample> {
    // With more connections the cores have no time to sleep.
    let _awake = if load.connections == 1 {
        awake::Awake::start().ok()
    } else {
        None
    };
    load::run(&scenario.target, load, scenario.accounted)
}

fn record(
    rows: &mut Vec<Row>,
    name: &'static str,
    connections: usize,
    sample: Result<Sample, BenchError>,
) {
    let place = rows
        .iter()
        .position(|row| row.name == name && row.connections == connections);
    let place = place.unwrap_or_else(|| {
        rows.push(Row {
            name,
            connections,
            rounds: Vec::new(),
            peak_memory: None,
        });
        rows.len() - 1
    });
    match sample {
        Ok(sample) => rows[place].rounds.push(sample),
        Err(error) => note(&format!("{name}, {connections} connections: {error}")),
    }
}

fn measure_extras(
    arguments: &Arguments,
    systems: &Systems,
    directory: &Path,
    runtime: &Runtime,
) -> BenchResult<Extras> {
    let bench = Bench {
        directory,
        binary: &systems.gateway_binary,
        upstream: systems.stub.address,
    };
    let measure = Duration::from_secs_f64(arguments.seconds);
    let mut extras = Extras {
        binary_size: Some(std::fs::metadata(&systems.gateway_binary)?.len()),
        ..Extras::default()
    };
    if arguments.callgrind {
        let instructions = runtime.block_on(async {
            let (settings, access) = bench.prepare("callgrind").await?;
            let (instructions, profile) =
                callgrind::measure(&settings, &access.ruled_key, directory).await?;
            if let Some(kept) = &arguments.callgrind_profile {
                std::fs::copy(profile, kept)?;
            }
            Ok(instructions)
        });
        extras.instructions_per_request = noted("user instructions", instructions);
    }
    if arguments.without_extras {
        return Ok(extras);
    }
    extras.start_time = noted("start", runtime.block_on(bench.start_time()));
    extras.upstream_calls_in_replay =
        noted("replay", runtime.block_on(bench.upstream_calls_in_replay()));
    let nginx: Option<SocketAddr> = systems.nginx.as_ref().map(|nginx| nginx.address);
    extras.stream = nginx.and_then(|nginx| noted("stream", runtime.block_on(bench.stream(nginx))));
    extras.upload = nginx.and_then(|nginx| noted("upload", runtime.block_on(bench.upload(nginx))));
    extras.memory_per_held_call =
        noted("held calls", runtime.block_on(bench.memory_per_held_call()));
    extras.tunnels = noted("tunnels", runtime.block_on(bench.tunnels(measure)));
    extras.saturated_model = noted(
        "saturated model",
        runtime.block_on(bench.saturated_model(measure)),
    );
    extras.memory_with_agents = noted(
        "many agents",
        runtime.block_on(bench.memory_with_agents(measure)),
    );
    Ok(extras)
}

/// A failed measurement leaves its goal open and reports the reason; the others continue.
fn noted<T>(what: &str, result: BenchResult<T>) -> Option<T> {
    result
        .map_err(|error| note(&format!("{what}: {error}")))
        .ok()
}

/// Progress and errors go to standard error; standard output contains only the report.
fn note(text: &str) {
    // A closed standard error is not a reason to stop.
    writeln!(std::io::stderr().lock(), "{text}").ok();
}
