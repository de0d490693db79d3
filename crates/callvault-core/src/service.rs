//! The use cases. A door gives a principal and data; a service asks the gate, works, and writes the listen log.

pub mod accounts;
pub mod api_keys;
mod book;
pub mod call_files;
pub mod call_pages;
pub mod call_walk;
pub mod calls;
mod deletions;
pub mod destinations;
pub mod features;
mod field;
pub mod finding;
pub mod hunt_groups;
pub mod installation;
pub mod intake;
pub mod keeping;
mod leases;
pub mod levels;
pub mod links;
pub mod listening;
pub mod lockouts;
pub mod login_tokens;
pub mod logins;
pub mod messages;
pub mod one_time_codes;
pub mod openapi_tokens;
pub mod phone;
pub mod playback;
pub mod prompts;
pub mod record_groups;
pub mod recordings;
pub mod reports;
mod second_steps;
pub mod sessions;
pub mod sounds;
mod stock;
pub mod switching;
mod ticket_book;
pub mod tickets;
mod visible;
mod wave_files;

use std::sync::Arc;
use std::time::Duration;

use crate::gate::Gate;
use crate::port::audio_store::AudioStore;
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::port::listen_writer::ListenWriter;
use crate::port::password::PasswordHasher;
use crate::port::probe::Prober;
use crate::port::random::Random;
use crate::port::wake::Wake;

/// Everything from the outside that the use cases stand on.
#[derive(Clone)]
pub struct Ports {
    /// Rows.
    pub catalog: Arc<dyn Catalog>,
    /// Bytes.
    pub audio: Arc<dyn AudioStore>,
    /// What bytes are.
    pub prober: Arc<dyn Prober>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// Password hashing.
    pub passwords: Arc<dyn PasswordHasher>,
    /// The listen log's writer.
    pub listen: Arc<dyn ListenWriter>,
    /// Whoever delivers reports.
    pub reporting: Arc<dyn Wake>,
}

/// What an operator may set about the use cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Largest recording that is taken in, in bytes.
    pub largest_recording_bytes: u64,
    /// Largest message, prompt or sound that is taken over the network, in bytes (`docs/enswitch.md` 23).
    pub largest_message_bytes: u64,
    /// How many versions of a level's message are kept.
    pub message_versions: u32,
    /// How many live sessions one person may have (`docs/yeastar.md` G6).
    pub sessions_per_person: usize,
    /// How long a login token of the Enswitch dialect lives; `None` is for ever (`docs/enswitch.md` 36).
    pub login_token_life: Option<Duration>,
    /// How long a verified password is believed without hashing it again.
    pub credential_cache: Duration,
    /// How long a report waits for the recording of its call (`docs/yeastar.md` G23).
    pub report_patience: Duration,
    /// The lock-outs.
    pub lockouts: lockouts::LockoutPolicy,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            largest_recording_bytes: 16 << 30,
            largest_message_bytes: 10 << 20,
            message_versions: 10,
            sessions_per_person: 64,
            login_token_life: Some(crate::login_token::LOGIN_TOKEN_LIFE),
            credential_cache: Duration::from_secs(30),
            report_patience: Duration::from_secs(60),
            lockouts: lockouts::LockoutPolicy::default(),
        }
    }
}

/// All use cases over one set of ports.
pub struct Services {
    /// The gate, for doors that answer the role before the rest of a request.
    pub gate: Arc<Gate>,
    /// Customers, people and roles.
    pub accounts: Arc<accounts::Accounts>,
    /// Verifying passwords.
    pub logins: logins::Logins,
    /// Sessions of the Yeastar dialect.
    pub sessions: Arc<sessions::Sessions>,
    /// Reports to application servers.
    pub reports: reports::Reports,
    /// Tokens of the P-Series dialect.
    pub openapi_tokens: openapi_tokens::OpenApiTokens,
    /// Tokens of the Enswitch dialect.
    pub login_tokens: login_tokens::LoginTokens,
    /// Keys of our own API.
    pub api_keys: api_keys::ApiKeys,
    /// One-time codes of people.
    pub one_time_codes: one_time_codes::OneTimeCodes,
    /// Switching to other people.
    pub switching: switching::Switching,
    /// One-time rights to fetch.
    pub tickets: tickets::Tickets,
    /// Files of call records.
    pub call_files: call_files::CallFiles,
    /// What is known of the telephone system.
    pub phone: phone::Phone,
    /// Links of the P-Series dialect.
    pub links: links::Links,
    /// Taking bytes in.
    pub intake: Arc<intake::Intake>,
    /// Recordings.
    pub recordings: recordings::Recordings,
    /// Where recordings are kept, and for how long.
    pub keeping: keeping::Keeping,
    /// Record groups.
    pub record_groups: Arc<record_groups::RecordGroups>,
    /// Call records.
    pub calls: calls::Calls,
    /// Call records of a customer and those below it.
    pub call_walk: call_walk::CallWalk,
    /// Recordings with their calls.
    pub finding: finding::Finding,
    /// Hunt groups.
    pub hunt_groups: hunt_groups::HuntGroups,
    /// Levels of hunt groups.
    pub levels: levels::Levels,
    /// Destinations of hunt groups.
    pub destinations: destinations::Destinations,
    /// Messages of hunt groups.
    pub messages: messages::Messages,
    /// Library sounds.
    pub sounds: sounds::Sounds,
    /// Features.
    pub features: features::Features,
    /// The files of features.
    pub prompts: prompts::Prompts,
    /// The listen log.
    pub listening: Arc<listening::Listening>,
    /// Check and sweep.
    pub installation: installation::Installation,
}

impl Services {
    /// Builds the use cases and reads the sessions that outlived the last run.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn open(ports: Ports, policy: Policy) -> crate::Result<Self> {
        let ports = Ports { random: Arc::new(stock::Stock::of(ports.random)), ..ports };
        let gate = Arc::new(Gate::new(ports.catalog.clone()));
        let accounts = Arc::new(accounts::Accounts::new(&ports, gate.clone()));
        let sessions =
            Arc::new(sessions::Sessions::open(&ports, gate.clone(), accounts.clone(), &policy).await?);
        accounts.on_revocation(&sessions);
        let listening = Arc::new(listening::Listening::new(&ports, gate.clone()));
        let intake = Arc::new(intake::Intake::new(&ports));
        let playback = Arc::new(playback::Playback::new(&ports, listening.clone()));
        let book = Arc::new(ticket_book::TicketBook::new(&ports));
        let record_groups = Arc::new(record_groups::RecordGroups::new(&ports, gate.clone()));
        Ok(Self {
            logins: logins::Logins::new(&ports, gate.clone(), accounts.clone(), &policy),
            openapi_tokens: openapi_tokens::OpenApiTokens::new(&ports, accounts.clone()),
            login_tokens: login_tokens::LoginTokens::new(&ports, gate.clone(), accounts.clone(), &policy),
            api_keys: api_keys::ApiKeys::new(&ports, gate.clone()),
            one_time_codes: one_time_codes::OneTimeCodes::new(&ports, gate.clone(), accounts.clone()),
            switching: switching::Switching::new(&ports, gate.clone(), accounts.clone(), listening.clone()),
            tickets: tickets::Tickets::new(
                &ports,
                gate.clone(),
                playback.clone(),
                listening.clone(),
                book.clone(),
            ),
            call_files: call_files::CallFiles::new(&ports, gate.clone(), listening.clone(), book),
            links: links::Links::new(&ports, gate.clone(), playback.clone(), listening.clone()),
            phone: phone::Phone::new(&ports, gate.clone()),
            recordings: recordings::Recordings::new(
                &ports,
                gate.clone(),
                intake.clone(),
                playback.clone(),
                record_groups.clone(),
                &policy,
            ),
            calls: calls::Calls::new(&ports, gate.clone(), &policy),
            call_walk: call_walk::CallWalk::new(&ports, gate.clone()),
            reports: reports::Reports::new(&ports, gate.clone(), sessions.clone()),
            finding: finding::Finding::new(&ports, gate.clone()),
            hunt_groups: hunt_groups::HuntGroups::new(
                &ports,
                gate.clone(),
                intake.clone(),
                playback.clone(),
                record_groups.clone(),
            ),
            record_groups: record_groups.clone(),
            levels: levels::Levels::new(&ports, gate.clone()),
            destinations: destinations::Destinations::new(&ports, gate.clone()),
            messages: messages::Messages::new(
                &ports,
                gate.clone(),
                intake.clone(),
                playback.clone(),
                &policy,
            ),
            features: features::Features::new(&ports, gate.clone(), intake.clone(), playback.clone()),
            prompts: prompts::Prompts::new(&ports, gate.clone(), intake.clone(), playback.clone(), &policy),
            keeping: keeping::Keeping::new(
                &ports,
                gate.clone(),
                intake.clone(),
                playback.clone(),
                record_groups.clone(),
            ),
            sounds: sounds::Sounds::new(&ports, gate.clone(), intake.clone(), playback, &policy),
            installation: installation::Installation::new(&ports, gate.clone(), intake.clone()),
            gate,
            accounts,
            sessions,
            intake,
            listening,
        })
    }
}
