//! The calls about the telephone system itself, answered from the calls that were seen (`docs/yeastar.md` G47), and those
//! about voicemail, of which none is kept.

use callvault_core::call::CallParties;
use callvault_wire::yeastar::error::Errno;
use callvault_wire::yeastar::request::{NumberList, VoicemailGetRandom};
use callvault_wire::yeastar::response::{
    DeviceInfo, Extension, ExtensionInfo, ExtensionStatus, Success, Trunk,
};
use callvault_wire::yeastar::time::CivilTime;

use super::{DOOR, Visit, internal};
use crate::telemetry::TicketEvent;

/// The name of a device that was given none, and what it says for a hardware version.
const NAME: &str = "Callvault";

/// How many extensions the largest model has; told for more only where more were seen.
const EXTENSIONS_POSSIBLE: usize = 500;

/// Extensions and trunks that were only seen: nothing is known of telephones.
const SEEN_KIND: &str = "SIP";

pub(super) async fn device(visit: &Visit<'_>) -> Result<Success, Errno> {
    let services = &visit.app.services;
    let device = services.phone.device(visit.resumed.session.customer).await;
    let device = device.map_err(|error| unavailable(&error))?;
    let extensions = parties(visit).await?.extensions.len();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Success::DeviceInfo(DeviceInfo {
        name: if device.name.is_empty() { NAME.to_owned() } else { device.name },
        serial: device.serial,
        hardware_version: NAME.to_owned(),
        firmware_version: env!("CARGO_PKG_VERSION").to_owned(),
        system_time: CivilTime::of(device.shown).ok_or(Errno::Unavailable)?,
        utc_offset_minutes: device.utc_offset_minutes,
        uptime: device.uptime,
        extensions_used: count(extensions),
        extensions_possible: count(extensions.max(EXTENSIONS_POSSIBLE)),
    }))
}

pub(super) async fn extensions(visit: &Visit<'_>) -> Result<Success, Errno> {
    let seen = parties(visit).await?.extensions.into_iter();
    let extensions = seen.map(|number| Extension {
        number,
        status: ExtensionStatus::Unavailable,
        kind: SEEN_KIND.to_owned(),
        username: String::new(),
        agent_id: None,
    });
    Ok(Success::ExtensionList { version: visit.version, extensions: extensions.collect() })
}

pub(super) async fn extension_infos(visit: &Visit<'_>, numbers: &NumberList) -> Result<Success, Errno> {
    let seen = known(visit, numbers).await?.into_iter();
    let extensions = seen.map(|number| ExtensionInfo {
        number,
        username: String::new(),
        status: ExtensionStatus::Unavailable,
        caller_id: None,
        email: None,
        mobile: None,
    });
    Ok(Success::ExtensionQuery { version: visit.version, extensions: extensions.collect() })
}

/// No queue is configured, and none shows in calls.
pub(super) fn queues(visit: &Visit<'_>, numbers: &NumberList) -> Result<Success, Errno> {
    match numbers {
        NumberList::All => Ok(Success::QueueQuery { version: visit.version, queues: Vec::new() }),
        NumberList::These(_) => Err(Errno::QueueUnknown),
    }
}

pub(super) async fn trunks(visit: &Visit<'_>) -> Result<Success, Errno> {
    let seen = parties(visit).await?.trunks.into_iter();
    let trunks = seen.map(|name| Trunk {
        name,
        status: ExtensionStatus::Unavailable.as_str().to_owned(),
        kind: SEEN_KIND.to_owned(),
        port: None,
    });
    Ok(Success::TrunkList(trunks.collect()))
}

pub(super) async fn voicemails(visit: &Visit<'_>, numbers: &NumberList) -> Result<Success, Errno> {
    known(visit, numbers).await?;
    Ok(Success::VoicemailQuery { version: visit.version, boxes: Vec::new() })
}

pub(super) async fn voicemail_ticket(
    visit: &Visit<'_>,
    wanted: &VoicemailGetRandom,
) -> Result<Success, Errno> {
    let extensions = parties(visit).await?.extensions;
    let is_known = extensions.contains(&wanted.number);
    Err(if is_known { Errno::VoicemailMissing } else { Errno::ExtensionUnknown })
}

/// There is no ticket for a voicemail, so whatever is shown is none.
pub(super) fn voicemail_download(visit: &Visit<'_>) -> Errno {
    visit.app.metrics.ticket(DOOR, TicketEvent::Refused);
    Errno::VoicemailRandomInvalid
}

/// The extensions asked for, each of which must be known (`docs/yeastar.md` G45).
async fn known(visit: &Visit<'_>, numbers: &NumberList) -> Result<Vec<String>, Errno> {
    let mut extensions = parties(visit).await?.extensions;
    extensions.retain(|number| numbers.contains(number));
    match numbers {
        NumberList::These(asked) if asked.len() > extensions.len() => Err(Errno::ExtensionUnknown),
        _ => Ok(extensions),
    }
}

async fn parties(visit: &Visit<'_>) -> Result<CallParties, Errno> {
    let (resumed, phone) = (&visit.resumed, &visit.app.services.phone);
    let seen = phone.parties(&resumed.principal, resumed.session.customer).await;
    seen.map_err(|error| unavailable(&error))
}

/// None of these calls is about a thing that may be missing.
fn unavailable(error: &callvault_core::Error) -> Errno {
    internal(error);
    Errno::Unavailable
}
