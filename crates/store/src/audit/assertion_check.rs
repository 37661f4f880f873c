//! Verifies again the passkeys that people used for their approvals, from what is kept with their votes.

use gaiterguard_database::column::Text;
use gaiterguard_domain::id::{ActionId, UserId};
use gaiterguard_domain::request::Digest;
use gaiterguard_domain::step_up::{PasskeyAssertion, StepUp, binding};
use gaiterguard_rows::vote_row::VoteRow;
use gaiterguard_webauthn::{Assertion, RelyingParty, challenge_of, verify_assertion};
use serde::Deserialize;

/// The part of an evaluation that says what an approval needs.
#[derive(Deserialize)]
struct Judged {
    approvals: Option<Required>,
}

#[derive(Deserialize)]
struct Required {
    step_up: Option<StepUp>,
}

/// Verifies the assertion of a vote on an action that was evaluated like this. Returns what is wrong.
pub(super) fn check(vote: &VoteRow, judgement: &Text) -> Result<(), &'static str> {
    let Some(kept) = &vote.step_up else {
        let judged = serde_json::from_str::<Judged>(&judgement.exact()).ok();
        let required = judged.and_then(|judged| judged.approvals?.step_up);
        return match required {
            Some(StepUp::Passkey) => {
                Err("a vote has no assertion of a passkey, which a rule requires")
            }
            None => Ok(()),
        };
    };
    let kept = serde_json::from_str::<PasskeyAssertion>(&kept.exact());
    let kept = kept.map_err(|_| "the assertion of a vote cannot be read")?;
    let action = vote.action_id.parse::<ActionId>().ok();
    let digest = <[u8; 32]>::try_from(vote.digest.as_slice()).ok();
    let (Some(action), Some(digest)) = (action, digest) else {
        return Err("a vote is for no request");
    };
    let expected = binding(action, vote.revision, Digest(digest), UserId(vote.user_id));
    let verified = || {
        let site = RelyingParty::of(&kept.origin)?;
        let challenge = challenge_of(&kept.client_data_json).ok()?;
        let assertion = Assertion {
            client_data_json: &kept.client_data_json,
            authenticator_data: &kept.authenticator_data,
            signature: &kept.signature,
        };
        verify_assertion(&site, &challenge, &kept.public_key, assertion).ok()?;
        challenge.starts_with(&expected.0).then_some(())
    };
    verified()
        .ok_or("the assertion of a vote is not for this request, or its signature is not valid")
}
