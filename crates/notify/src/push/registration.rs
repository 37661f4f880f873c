//! Registering, listing, testing, and removing the browsers of a member.

use gaiterguard_definitions::definition_store::{DefinitionError, Editor};
use gaiterguard_domain::all;
use gaiterguard_domain::audit::{Actor, NewAuditEntry};
use gaiterguard_domain::event::{Event, Subject};
use gaiterguard_domain::field::FieldError;
use gaiterguard_domain::id::{ChannelId, SessionId};
use gaiterguard_domain::time::Timestamp;
use gaiterguard_sealing::Purpose;
use gaiterguard_store::{
    ChannelFields, ChannelSecrets as SealedSecrets, NewPushDevice as StoredPushDevice, StoreError,
};
use gaiterguard_upstream::Origin;
use gaiterguard_vault::token::sha256;
use serde_json::{Value, json};

use crate::channel::{Channel, ChannelGrouping};
use crate::event::NotificationEvent;
use crate::filter::Filter;
use crate::kind::ChannelKind;
use crate::message::{self, Named};
use crate::notifications::{Notifications, Tested};
use crate::push::device::{NewPushDevice, PushDevice};
use crate::push::key::{PushKeyError, vapid_key};
use crate::push::recipient;
use crate::push::subscription::{Endpoint, Subscription};
use crate::secrets::ChannelSecrets;
use crate::send;

/// The most browsers of a member in a workspace.
const DEVICES_MAX: i64 = 20;

/// For how long held requests are collected, so that a burst is one notification. Longer would be felt.
const GROUPING: ChannelGrouping = ChannelGrouping { seconds: 1 };

/// The kind of object, for errors.
const NOUN: &str = "browser with push notifications";

impl Notifications {
    /// Returns the public key that browsers bind their subscriptions to, in base64url.
    ///
    /// # Errors
    ///
    /// If the database or the vault fails.
    pub async fn push_key(&self) -> Result<String, PushKeyError> {
        Ok(vapid_key(&self.context).await?.public_key())
    }

    /// Returns the browsers of a member, in order of registration.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn push_devices(&self, member: Editor) -> Result<Vec<PushDevice>, StoreError> {
        let store = &self.context.store;
        let stored = store
            .push_device_list(member.workspace, member.user)
            .await?;
        Ok(stored.into_iter().map(Into::into).collect())
    }

    /// Registers a browser of a member. One that is registered already keeps its id. Returns it, and whether it is
    /// new.
    ///
    /// # Errors
    ///
    /// If a field is invalid, or the database or the vault fails.
    pub async fn push_register(
        &self,
        member: Editor,
        session: SessionId,
        new: NewPushDevice,
    ) -> Result<(PushDevice, bool), DefinitionError> {
        let context = &self.context;
        let NewPushDevice {
            name,
            endpoint,
            keys,
        } = new;
        let (name, Endpoint(endpoint), keys) = all!(name, endpoint, keys)?;
        let subscription = Subscription {
            endpoint,
            p256dh: keys.p256dh,
            auth: keys.auth,
        };
        if let Some(origin) = subscription.origin()
            && let Err(error) = context.upstream.check(&Origin::from(&origin)).await
        {
            let message = format!("cannot be used: {error}");
            return Err(vec![FieldError::new("endpoint", message)].into());
        }
        let (endpoint_hash, keys_hash) = hashes(&subscription);
        let fields = fields(name.into_string());
        let secrets = ChannelSecrets {
            subscription: Some(json!(subscription).to_string().into()),
            ..ChannelSecrets::default()
        };
        let plain = secrets.to_sealed_form();
        let key = context.sealing.payload_key(member.workspace).await?;
        let at = context.now();
        let detail = json!({
            "name": fields.name,
            "to": subscription.origin().map(|origin| origin.authority()),
        });
        let mut failed = None;
        let registered = context
            .store
            .push_device_register(
                StoredPushDevice {
                    user: member.user,
                    workspace: member.workspace,
                    session,
                    endpoint_hash,
                    keys_hash,
                    fields: &fields,
                    most: DEVICES_MAX,
                },
                at,
                |id| match key.seal(&Purpose::channel(id, 0), &plain) {
                    Ok(sealed) => Ok(SealedSecrets { version: 0, sealed }),
                    Err(error) => {
                        failed = Some(error);
                        Err(gaiterguard_store::Abandoned)
                    }
                },
                |id| entry(member, at, Event::PushDeviceAdded, id, detail),
            )
            .await;
        if let Some(error) = failed {
            return Err(error.into());
        }
        let Some((stored, is_new)) = registered? else {
            let message = format!(
                "you can have at most {DEVICES_MAX} browsers with push notifications; remove one first"
            );
            return Err(vec![FieldError::new("endpoint", message)].into());
        };
        Ok((stored.into(), is_new))
    }

    /// Removes a browser of a member.
    ///
    /// # Errors
    ///
    /// If the member has no such browser, or the database fails.
    pub async fn push_remove(&self, member: Editor, id: ChannelId) -> Result<(), DefinitionError> {
        let at = self.context.now();
        let entry = entry(member, at, Event::PushDeviceRemoved, id, json!({}));
        let store = &self.context.store;
        let is_removed = store
            .push_device_delete(member.workspace, member.user, id, at, entry)
            .await?;
        is_removed
            .then_some(())
            .ok_or(DefinitionError::NotFound(NOUN))
    }

    /// Sends a test message to a browser of a member now. A browser that is gone is removed.
    ///
    /// # Errors
    ///
    /// If the member has no such browser, or the database or the vault fails.
    pub async fn push_test(
        &self,
        member: Editor,
        id: ChannelId,
    ) -> Result<Tested, DefinitionError> {
        let context = &self.context;
        let stored = context
            .store
            .push_device_list(member.workspace, member.user)
            .await?;
        let stored = stored.into_iter().find(|stored| stored.id == id);
        let stored = stored.ok_or(DefinitionError::NotFound(NOUN))?;
        let channel = Channel::read(stored).map_err(|_| DefinitionError::Unreadable(NOUN))?;
        let secrets = context.secrets(&channel).await?;
        let named = Named {
            id: id.0,
            name: Some(channel.stored.name.clone()),
        };
        let message = message::test(named, context.now());
        let sent = send::send(context, &channel, &secrets, &[message], &[]).await;
        let failed = sent.err();
        if failed.as_ref().is_some_and(|failed| failed.is_gone) {
            recipient::remove(context, &channel).await?;
        }
        Ok(Tested {
            error: failed.map(|failed| failed.error),
        })
    }
}

/// Returns the SHA-256 of the endpoint, and of the keys.
fn hashes(subscription: &Subscription) -> ([u8; 32], [u8; 32]) {
    let keys = format!("{}.{}", subscription.p256dh, subscription.auth);
    (sha256(&subscription.endpoint), sha256(&keys))
}

fn fields(name: String) -> ChannelFields {
    let filter = Filter {
        events: vec![
            NotificationEvent::ActionCreated,
            NotificationEvent::ActionExpiring,
            NotificationEvent::CredentialFailing,
        ],
        ..Filter::default()
    };
    let settings = json!({
        "settings": Value::Null,
        "filter": filter,
        "quiet_hours": Value::Null,
        "grouping": GROUPING,
    });
    ChannelFields {
        kind: ChannelKind::WebPush.as_str(),
        name,
        enabled: true,
        settings: settings.to_string(),
    }
}

fn entry(
    member: Editor,
    at: Timestamp,
    event: Event,
    id: ChannelId,
    detail: Value,
) -> NewAuditEntry {
    NewAuditEntry {
        workspace: Some(member.workspace),
        at,
        actor: Actor::User(member.user),
        event,
        subject: Subject::Channel(id),
        detail,
    }
}
