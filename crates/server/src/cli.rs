//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gaiterguard_domain::user::Email;

use crate::commands;

/// An intercepting API gateway for AI agents.
#[derive(Debug, Parser)]
#[command(name = "gaiterguard", version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run migrations, then the gateway (the default).
    Serve,
    /// Print the OpenAPI document.
    Openapi,
    /// Run migrations and exit.
    Migrate,
    /// Manage the users of the dashboard.
    #[command(subcommand)]
    User(UserCommand),
    /// Manage the keys that credentials are sealed under.
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Look after the audit log.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Send a request as an agent does: wait for the human, and print the upstream's body. The gateway is
    /// at `GAITERGUARD_URL`, the key in `GAITERGUARD_AGENT_KEY`. Ends with 0 on a 2xx, 22 on an upstream's
    /// error, 3 if it was denied, 4 if it expired or was revoked, 5 if it still waits.
    Call(commands::call::CallArguments),
    /// Serve the agent's side as a Model Context Protocol server on standard input and output. The gateway
    /// is at `GAITERGUARD_URL`, the key in `GAITERGUARD_AGENT_KEY`.
    Mcp(commands::mcp::McpArguments),
    /// Measure how requests are assessed.
    #[command(subcommand)]
    Risk(RiskCommand),
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Create a user, whatever REGISTRATION says. The password is read from standard input.
    Create {
        /// The e-mail address to log in with.
        #[arg(value_parser = Email::parse)]
        email: Email,
        /// Join the workspace of the user with this e-mail address instead of getting a new one.
        #[arg(long, value_name = "OF_EMAIL", value_parser = Email::parse)]
        workspace: Option<Email>,
    },
    /// Give a user another password, read from standard input, and end all the user's sessions.
    ResetPassword {
        /// The e-mail address that the user logs in with.
        #[arg(value_parser = Email::parse)]
        email: Email,
    },
}

#[derive(Debug, Subcommand)]
enum VaultCommand {
    /// Seal everything under a new master secret, read from standard input. The present one comes
    /// from the settings. Gateways may run meanwhile; after an interruption, run it again.
    Rotate,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check that no entry of the audit log was changed or removed.
    Verify,
}

#[derive(Debug, Subcommand)]
enum RiskCommand {
    /// Assess labeled requests with the built-in assessor, and print how often its decisions are right
    /// and how long they take. `RISK_THRESHOLD` of the settings is not used: a request is held from a
    /// score of 0.5.
    Eval(commands::risk_eval::EvalArguments),
}

impl Cli {
    /// Runs the command.
    pub(crate) fn run(self) -> ExitCode {
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => commands::serve::run(),
            Command::Openapi => commands::openapi::run(),
            Command::Migrate => commands::migrate::run(),
            Command::User(UserCommand::Create { email, workspace }) => {
                commands::user_create::run(&email, workspace.as_ref())
            }
            Command::User(UserCommand::ResetPassword { email }) => {
                commands::user_reset_password::run(&email)
            }
            Command::Vault(VaultCommand::Rotate) => commands::vault_rotate::run(),
            Command::Audit(AuditCommand::Verify) => commands::audit_verify::run(),
            Command::Call(arguments) => commands::call::run(&arguments),
            Command::Mcp(arguments) => commands::mcp::run(&arguments),
            Command::Risk(RiskCommand::Eval(arguments)) => commands::risk_eval::run(&arguments),
        }
    }
}
