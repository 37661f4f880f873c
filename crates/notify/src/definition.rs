//! Changes that operators make to channels.

use std::time::Duration;

use gaiterguard_definitions::definition_store::{DefinitionError, Editor};
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::field::{Change, Checked, FieldError, refused};
use gaiterguard_domain::id::{ChannelId, WorkspaceId};
use gaiterguard_domain::target::Target;
use gaiterguard_domain::text::Name;
use gaiterguard_domain::time::Timestamp;
use gaiterguard_domain::workspace::{Permission, Role};
use gaiterguard_domain::{all, body};
use gaiterguard_sealing::Purpose;
use gaiterguard_store::{ChannelSecrets as SealedSecrets, StoredChannel};
use gaiterguard_upstream::Origin;
use gaiterguard_vault::webhook_key;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::channel::{Channel, ChannelGrouping, NewChannelGrouping, Wanted};
use crate::context::Context;
use crate::filter::{Filter, NewChannelFilter};
use crate::kind::ChannelKind;
use crate::quiet_hours::{NewQuietHours, QuietHours};
use crate::secrets::ChannelSecrets;
use crate::settings::{AnySettings, ChannelSettings, Unread};

/// The most channels of a workspace.
const CHANNELS_MAX: usize = 50;

/// How long the key before a rotation signs too, so that a receiver can be changed without a gap.
const PREVIOUS_KEY_LIFETIME: Duration = Duration::from_hours(24);

/// The kind of definition, for errors.
const NOUN: &str = "channel";

body! {
    /// A channel to create.
    pub struct NewChannel {
        /// Kind.
        kind "kind": ChannelKind as ChannelKind,
        /// Name.
        name "name": Name as Name,
        /// Whether messages are sent. Defaults to true.
        enabled "enabled": Option<bool> as Option<bool>,
        /// Settings, by kind.
        settings "settings": Unread as AnySettings,
        /// Events to send. Defaults to all.
        filter "filter": Option<Filter> as Option<NewChannelFilter>,
        /// Hours in which nothing is sent. Defaults to none.
        quiet_hours "quiet_hours": Option<QuietHours> as Option<NewQuietHours>,
        /// How held requests are collected into one message. By default, each is a message of its own.
        grouping "grouping": Option<ChannelGrouping> as Option<NewChannelGrouping>,
    }
}

body! {
    /// Changes to a channel. Omitted fields stay unchanged; null removes the filter, the quiet hours, or the grouping.
    pub struct ChannelChange {
        /// Name.
        #[schema(nullable = false)]
        name "name": Change<Name> as Option<Name>,
        /// Whether messages are sent.
        enabled "enabled": Option<bool> as Option<bool>,
        /// Settings, which replace the current ones. Secrets that are omitted stay unchanged, unless the
        /// channel gets another origin.
        settings "settings": Option<Unread> as Option<AnySettings>,
        /// Events to send.
        filter "filter": Change<Option<Filter>> as Option<NewChannelFilter>,
        /// Hours in which nothing is sent.
        quiet_hours "quiet_hours": Change<Option<QuietHours>> as Option<NewQuietHours>,
        /// How held requests are collected into one message.
        grouping "grouping": Change<Option<ChannelGrouping>> as Option<NewChannelGrouping>,
    }
}

/// Returns a channel.
pub(crate) async fn get(
    context: &Context,
    workspace: WorkspaceId,
    id: ChannelId,
) -> Result<StoredChannel, DefinitionError> {
    let found = context.store.channel_get(workspace, id).await?;
    found
        .filter(is_of_workspace)
        .ok_or(DefinitionError::NotFound(NOUN))
}

/// Whether a channel is one of its workspace. Others are browsers of members.
pub(crate) fn is_of_workspace(channel: &StoredChannel) -> bool {
    channel.kind != ChannelKind::WebPush.as_str()
}

/// Creates a channel. Returns it with its signing key, if its kind has one.
pub(crate) async fn create(
    context: &Context,
    editor: Editor,
    role: Role,
    new: NewChannel,
) -> Result<(StoredChannel, Option<SecretString>), DefinitionError> {
    let NewChannel {
        kind,
        name,
        enabled,
        settings,
        filter,
        quiet_hours,
        grouping,
    } = new;
    let settings = match (&kind, settings) {
        (Ok(kind), Ok(unread)) => ChannelSettings::read(*kind, Some(unread), None),
        (Err(_), Ok(_)) => Ok((ChannelSettings::none(), ChannelSecrets::default())),
        (_, Err(errors)) => Err(errors),
    };
    let settings = reachable(context, settings).await;
    let settings = addressed(context, editor.workspace, settings).await?;
    let kind = kind.and_then(|kind| usable(context, kind));
    let (kind, name, enabled, settings, filter, quiet_hours, grouping) =
        all!(kind, name, enabled, settings, filter, quiet_hours, grouping)?;
    let (settings, mut secrets) = settings;
    if settings.decides() {
        demand_owner(role)?;
    }
    let count = context
        .store
        .channel_list(Some(editor.workspace))
        .await?
        .iter()
        .filter(|channel| is_of_workspace(channel))
        .count();
    if count >= CHANNELS_MAX {
        let message =
            format!("a workspace can have at most {CHANNELS_MAX} channels; delete one first");
        return Err(vec![FieldError::new("name", message)].into());
    }
    if kind == ChannelKind::Webhook {
        secrets.signing_key = Some(webhook_key::generate()?);
    }
    let wanted = Wanted {
        kind,
        name: name.into_string(),
        enabled: enabled.unwrap_or(true),
        settings,
        filter: filter.unwrap_or_default(),
        quiet_hours,
        grouping,
    };
    let key = context.sealing.new_credential_key(editor.workspace).await?;
    let plain = secrets.to_sealed_form();
    let at = context.now();
    let mut failed = None;
    let created = context
        .store
        .channel_create(
            editor.workspace,
            &wanted.fields(),
            at,
            |id| match key.seal(&Purpose::channel(id, 0), &plain) {
                Ok(sealed) => Ok(SealedSecrets { version: 0, sealed }),
                Err(error) => {
                    failed = Some(error);
                    Err(gaiterguard_store::Abandoned)
                }
            },
            |id| entry(editor, at, Event::ChannelCreated, id, detail(&wanted)),
        )
        .await;
    if let Some(error) = failed {
        return Err(error.into());
    }
    Ok((created?, secrets.signing_key))
}

/// Changes a channel.
pub(crate) async fn update(
    context: &Context,
    editor: Editor,
    role: Role,
    id: ChannelId,
    change: ChannelChange,
) -> Result<StoredChannel, DefinitionError> {
    let present = readable(context, editor.workspace, id).await?;
    let present_secrets = context.secrets(&present).await?;
    let ChannelChange {
        name,
        enabled,
        settings,
        filter,
        quiet_hours,
        grouping,
    } = change;
    let settings = settings.and_then(|unread| {
        let stored = (&present.settings, &present_secrets);
        ChannelSettings::read(present.kind, unread, Some(stored))
    });
    let settings = reachable(context, settings).await;
    let settings = addressed(context, editor.workspace, settings).await?;
    let (name, enabled, settings, filter, quiet_hours, grouping) =
        all!(name, enabled, settings, filter, quiet_hours, grouping)?;
    let (settings, secrets) = settings;
    let is_other_bot = settings != present.settings
        || secrets.to_sealed_form() != present_secrets.to_sealed_form();
    if is_other_bot && (present.settings.decides() || settings.decides()) {
        demand_owner(role)?;
    }
    let wanted = Wanted {
        kind: present.kind,
        name: name
            .0
            .map_or_else(|| present.stored.name.clone(), Name::into_string),
        enabled: enabled.unwrap_or(present.stored.enabled),
        settings,
        filter: filter
            .over(Some(present.filter.clone()))
            .unwrap_or_default(),
        quiet_hours: quiet_hours.over(present.quiet_hours.clone()),
        grouping: grouping.over(present.grouping),
    };
    let detail = detail(&wanted);
    let saved = save(context, editor, &present, &wanted, &secrets, detail).await?;
    let now = context.now();
    let before = present.quiet_hours.as_ref();
    if wanted.quiet_hours != present.quiet_hours
        && let Some(end) = before.and_then(|hours| hours.end(now))
    {
        // Messages that wait for the end of the former hours are sent, unless it is quiet by the new ones.
        context.store.delivery_wait_no_more(id, end, now).await?;
    }
    Ok(saved)
}

/// Gives a webhook a new signing key. The present one signs too for a day.
pub(crate) async fn rotate_key(
    context: &Context,
    editor: Editor,
    id: ChannelId,
) -> Result<(StoredChannel, SecretString), DefinitionError> {
    let present = readable(context, editor.workspace, id).await?;
    if present.kind != ChannelKind::Webhook {
        let message = "only a webhook has a signing key";
        return Err(vec![FieldError::new("kind", message)].into());
    }
    let before = context.secrets(&present).await?;
    let key = webhook_key::generate()?;
    let secrets = ChannelSecrets {
        signing_key: Some(key.clone()),
        previous_key: before.signing_key,
        previous_until: Some(context.now().after(PREVIOUS_KEY_LIFETIME)),
        ..ChannelSecrets::default()
    };
    let wanted = Wanted {
        kind: present.kind,
        name: present.stored.name.clone(),
        enabled: present.stored.enabled,
        settings: present.settings.clone(),
        filter: present.filter.clone(),
        quiet_hours: present.quiet_hours.clone(),
        grouping: present.grouping,
    };
    let detail = json!({ "signing_key": "rotated" });
    let saved = save(context, editor, &present, &wanted, &secrets, detail).await?;
    Ok((saved, key))
}

/// Deletes a channel.
pub(crate) async fn delete(
    context: &Context,
    editor: Editor,
    id: ChannelId,
) -> Result<(), DefinitionError> {
    get(context, editor.workspace, id).await?;
    let at = context.now();
    let entry = entry(editor, at, Event::ChannelDeleted, id, json!({}));
    let deleted = context
        .store
        .channel_delete(editor.workspace, id, at, entry)
        .await?;
    deleted.then_some(()).ok_or(DefinitionError::NotFound(NOUN))
}

/// Returns a channel that can be read.
pub(crate) async fn readable(
    context: &Context,
    workspace: WorkspaceId,
    id: ChannelId,
) -> Result<Channel, DefinitionError> {
    Channel::read(get(context, workspace, id).await?).map_err(|_| DefinitionError::Unreadable(NOUN))
}

async fn save(
    context: &Context,
    editor: Editor,
    present: &Channel,
    wanted: &Wanted,
    secrets: &ChannelSecrets,
    detail: Value,
) -> Result<StoredChannel, DefinitionError> {
    let (id, revision) = (present.id(), present.stored.revision);
    let key = context.sealing.new_credential_key(editor.workspace).await?;
    let sealed = key.seal(&Purpose::channel(id, revision), &secrets.to_sealed_form())?;
    let secrets = SealedSecrets {
        version: revision,
        sealed,
    };
    let at = context.now();
    let entry = entry(editor, at, Event::ChannelUpdated, id, detail);
    let is_saved = context
        .store
        .channel_update(id, revision, &wanted.fields(), &secrets, at, entry)
        .await?;
    let saved = get(context, editor.workspace, id).await?;
    if is_saved {
        Ok(saved)
    } else {
        Err(DefinitionError::Changing)
    }
}

/// Demands that the editor of a bot with buttons is an owner. Those who know its secrets can press the buttons on behalf
/// of everyone who linked an account through it, and change what its messages show. An operator, who may not decide,
/// would decide that way.
fn demand_owner(role: Role) -> Result<(), DefinitionError> {
    if role == Role::Owner {
        return Ok(());
    }
    Err(DefinitionError::NotPermitted(format!(
        "only owners may set up a channel whose buttons approve and deny, because the secrets of its bot prove who \
         presses them; your role is {}",
        role.as_str()
    )))
}

/// Refuses a kind that the gateway's settings leave no way for.
fn usable(context: &Context, kind: ChannelKind) -> Checked<ChannelKind> {
    if kind == ChannelKind::Email && context.mail.is_none() {
        return refused("kind", "email needs the settings SMTP_URL and MAIL_FROM");
    }
    Ok(kind)
}

/// Refuses a URL whose address may not be dialed. A name that does not resolve now is accepted; its address is
/// checked whenever it is dialed.
async fn reachable(
    context: &Context,
    settings: Checked<(ChannelSettings, ChannelSecrets)>,
) -> Checked<(ChannelSettings, ChannelSecrets)> {
    let checked = settings?;
    if let Some((field, url)) = checked.0.url()
        && let Ok(target) = Target::parse(url)
    {
        let origin = Origin::from(target.origin());
        if let Err(error) = context.upstream.check(&origin).await {
            return refused(field, format!("cannot be used: {error}"));
        }
    }
    Ok(checked)
}

/// Refuses a member who could never get a message about a held request.
async fn addressed(
    context: &Context,
    workspace: WorkspaceId,
    settings: Checked<(ChannelSettings, ChannelSecrets)>,
) -> Result<Checked<(ChannelSettings, ChannelSecrets)>, DefinitionError> {
    if let Ok((ChannelSettings::Member(member), _)) = &settings {
        let found = context.store.member_get(workspace, member.user_id).await?;
        let decides = found.is_some_and(|found| found.demand(Permission::Decide).is_ok());
        if !decides {
            return Ok(refused(
                "settings.user_id",
                "must be the ID of a member who may decide on held requests: an owner or an approver",
            ));
        }
    }
    Ok(settings)
}

fn entry(
    editor: Editor,
    at: Timestamp,
    event: Event,
    id: ChannelId,
    detail: Value,
) -> NewAuditEntry {
    NewAuditEntry {
        workspace: Some(editor.workspace),
        at,
        actor: Actor::User(editor.user),
        event,
        subject: Subject::Channel(id),
        detail,
    }
}

/// Returns the details of the audit entry. A URL may hold a token in its path, so only its origin is recorded.
fn detail(wanted: &Wanted) -> Value {
    let to = match &wanted.settings {
        ChannelSettings::Email(email) => json!(email.to),
        ChannelSettings::Member(member) => json!(Actor::User(member.user_id).to_string()),
        settings => {
            let target = settings.url().and_then(|(_, url)| Target::parse(url).ok());
            json!(target.map(|target| target.origin().authority()))
        }
    };
    json!({
        "kind": wanted.kind,
        "name": wanted.name,
        "enabled": wanted.enabled,
        "to": to,
        "filter": wanted.filter,
    })
}
