//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gaiterguard_admin::audit_prove::RequestName;
use gaiterguard_client::call::CallArguments;
use gaiterguard_client::mcp::McpArguments;
use gaiterguard_domain::user::Email;
use gaiterguard_environment::{Variable, help};
use gaiterguard_evaluation::EvalArguments;
use gaiterguard_evidence::PublicKey;
#[cfg(target_os = "linux")]
use gaiterguard_run::ConfinedArguments;
use gaiterguard_run::RunArguments;

use crate::commands;

/// API gateway that puts a human in charge of what AI agents send to APIs.
#[derive(Debug, Parser)]
#[command(
    name = "gaiterguard",
    version,
    about,
    after_help = "The settings are environment variables: see `gaiterguard serve --help`."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run migrations, then start the gateway (default).
    #[command(after_help = settings_help())]
    Serve,
    /// Print the OpenAPI document.
    Openapi,
    /// Run migrations and exit.
    Migrate,
    /// Manage dashboard users.
    #[command(subcommand)]
    User(UserCommand),
    /// Manage the keys that credentials are encrypted with.
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Manage the certificate authority of the proxy port.
    #[command(subcommand)]
    Ca(CaCommand),
    /// Check the audit log, and prove what it says about a request.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Send a request as an agent, and print the upstream's response.
    ///
    /// Waits for a human if the request is held. Exit codes: 0 for a 2xx response, 22 for any other
    /// response of the upstream, 3 denied, 4 expired or revoked, 5 still pending, 2 for an invalid
    /// argument or variable, 1 for any other error.
    #[command(after_help = variables_help(&gaiterguard_client::variables()))]
    Call(CallArguments),
    /// Run an MCP server for agents on standard input and output.
    #[command(after_help = variables_help(&gaiterguard_client::variables()))]
    Mcp(McpArguments),
    #[command(after_help = variables_help(&gaiterguard_run::variables()))]
    Run(RunArguments),
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    RunConfined(ConfinedArguments),
    /// Evaluate the risk assessment.
    #[command(subcommand)]
    Risk(RiskCommand),
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Create a user, regardless of `REGISTRATION`. Reads the password from standard input.
    Create {
        /// Email address to sign in with.
        #[arg(value_parser = Email::parse)]
        email: Email,
        /// Add the user to the workspace of the user with this email address, instead of creating
        /// a new workspace.
        #[arg(long, value_name = "OF_EMAIL", value_parser = Email::parse)]
        workspace: Option<Email>,
    },
    /// Remove a user's one-time codes, recovery codes, passkeys, and single sign-on, so that the password alone is
    /// enough to sign in, and end all of the user's sessions.
    ResetFactors {
        /// Email address of the user.
        #[arg(value_parser = Email::parse)]
        email: Email,
    },
    /// Set a new password, read from standard input, and end all of the user's sessions. Second factors
    /// are kept.
    ResetPassword {
        /// Email address of the user.
        #[arg(value_parser = Email::parse)]
        email: Email,
    },
}

#[derive(Debug, Subcommand)]
enum VaultCommand {
    /// Encrypt all data keys with a new master secret, read from standard input. The current secret
    /// comes from the settings. Gateways can keep running. If the command is interrupted, run it
    /// again.
    Rotate,
}

#[derive(Debug, Subcommand)]
enum CaCommand {
    /// Print the certificates that clients of the proxy port must trust, in PEM.
    Print,
    /// Create another certificate authority. It is published immediately and begins to issue certificates 24 hours
    /// later, so that programs can fetch it in time. Gateways can keep running.
    Rotate {
        /// Use the new authority immediately and stop publishing the current one, whose key may be known to others.
        #[arg(long)]
        now: bool,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Verify that no entry of the audit log was changed or removed, and that the stored requests and
    /// actions match their entries.
    Verify {
        /// Also verify that the log contains everything that this checkpoint names, which shows whether the end of the
        /// log was cut off. `audit checkpoint` prints checkpoints. `-` reads standard input.
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
    },
    /// Print the newest signed checkpoint, to be kept where the gateway's database cannot be changed.
    Checkpoint,
    /// Print the public key that verifies checkpoints and proofs.
    Key,
    /// Print a proof that a request, its decision, and its outcome were recorded as they are stored.
    Prove {
        /// ID of the request in the history, or the `X-Request-Id` of its response.
        #[arg(value_name = "ID", value_parser = RequestName::parse)]
        request: RequestName,
    },
    /// Check a proof, without a database and without settings.
    CheckProof {
        /// The proof. `-` reads standard input.
        #[arg(default_value = "-")]
        file: PathBuf,
        /// The public key that must have signed it. `audit key` prints it.
        #[arg(long)]
        key: Option<PublicKey>,
    },
}

#[derive(Debug, Subcommand)]
enum RiskCommand {
    /// Assess labeled requests with the built-in assessor, and report how often its decisions are
    /// right and how long they take. Uses a fixed threshold of 0.5 instead of `RISK_THRESHOLD`.
    Eval(EvalArguments),
}

/// Describes the gateway's settings.
fn settings_help() -> String {
    let mut text = "The settings are environment variables. A .env file in the working directory \
                    is read too; the environment takes precedence.\n"
        .to_owned();
    for section in gaiterguard_settings::sections() {
        text.push('\n');
        text.push_str(&help(section.title, &section.variables));
    }
    text
}

/// Describes the variables of a command.
fn variables_help(variables: &[Variable]) -> String {
    help("Environment variables", variables)
}

impl Cli {
    /// Runs the command.
    pub(crate) fn run(self) -> ExitCode {
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => commands::serve::run(),
            Command::Openapi => commands::openapi::run(),
            Command::Migrate => gaiterguard_admin::migrate::run(),
            Command::User(UserCommand::Create { email, workspace }) => {
                gaiterguard_admin::user_create::run(&email, workspace.as_ref())
            }
            Command::User(UserCommand::ResetFactors { email }) => {
                gaiterguard_admin::user_reset_factors::run(&email)
            }
            Command::User(UserCommand::ResetPassword { email }) => {
                gaiterguard_admin::user_reset_password::run(&email)
            }
            Command::Vault(VaultCommand::Rotate) => gaiterguard_admin::vault_rotate::run(),
            Command::Ca(CaCommand::Print) => gaiterguard_admin::ca_print::run(),
            Command::Ca(CaCommand::Rotate { now }) => gaiterguard_admin::ca_rotate::run(now),
            Command::Audit(AuditCommand::Verify { checkpoint }) => {
                gaiterguard_admin::audit_verify::run(checkpoint.as_deref())
            }
            Command::Audit(AuditCommand::Checkpoint) => gaiterguard_admin::audit_checkpoint::run(),
            Command::Audit(AuditCommand::Key) => gaiterguard_admin::audit_key::run(),
            Command::Audit(AuditCommand::Prove { request }) => {
                gaiterguard_admin::audit_prove::run(request)
            }
            Command::Audit(AuditCommand::CheckProof { file, key }) => {
                gaiterguard_admin::audit_check_proof::run(&file, key)
            }
            Command::Call(arguments) => gaiterguard_client::call::run(&arguments),
            Command::Mcp(arguments) => gaiterguard_client::mcp::run(&arguments),
            Command::Run(arguments) => gaiterguard_run::run(&arguments),
            #[cfg(target_os = "linux")]
            Command::RunConfined(arguments) => gaiterguard_run::run_confined(&arguments),
            Command::Risk(RiskCommand::Eval(arguments)) => gaiterguard_evaluation::run(&arguments),
        }
    }
}
