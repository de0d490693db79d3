//! The `*/files/*` of queues, mailboxes, numbers and the other features: one way for all families.
//!
//! What a family is selected by is said in the two tables below; which files it has and who may fetch and put them is said by
//! [`FeatureKind`], and the rest is the same for all.

use callvault_core::feature::{FeatureKey, FeatureKind, PromptFile};
use callvault_core::id::{CustomerId, FeatureId, SoundId};
use callvault_core::service::prompts::FeatureSelector;
use callvault_wire::enswitch::error::Failure;
use callvault_wire::enswitch::request::Call;
use callvault_wire::enswitch::request::files::{
    Campaign, CardFile, Code, Delete, Download, Mailbox, MenuFile, Music, Number, Queue, Source, Timegroup,
    Unlimited, Upload,
};
use callvault_wire::enswitch::response::Reply;
use callvault_wire::enswitch::schema::{InCustomer, Nothing};

use super::{Outcome, Visit, audio};
use crate::dialect::spool::Spool;

/// Carries out the functions of the families named.
macro_rules! families {
    ($($download:ident $upload:ident $delete:ident;)*) => {
        /// Carries out a function about the files of features; any other is none.
        pub(super) async fn carry_out(
            visit: &Visit<'_>,
            call: Call,
            spool: Option<Spool>,
        ) -> Result<Outcome, Failure> {
            match call {
                $(
                    Call::$download(call) => download(visit, call).await,
                    Call::$upload(call) => upload(visit, call, spool).await,
                    Call::$delete(call) => delete(visit, call).await,
                )*
                _ => Err(Failure::NoSuchFunction),
            }
        }
    };
}

families! {
    QueuesFilesDownload QueuesFilesUpload QueuesFilesDelete;
    TimegroupsFilesDownload TimegroupsFilesUpload TimegroupsFilesDelete;
    BulkFilesDownload BulkFilesUpload BulkFilesDelete;
    CodesFilesDownload CodesFilesUpload CodesFilesDelete;
    NumbersFilesDownload NumbersFilesUpload NumbersFilesDelete;
    PatternmenusFilesDownload PatternmenusFilesUpload PatternmenusFilesDelete;
    MusicFilesDownload MusicFilesUpload MusicFilesDelete;
    MailboxesFilesDownload MailboxesFilesUpload MailboxesFilesDelete;
    CardsFilesDownload CardsFilesUpload CardsFilesDelete;
    UnlimitedFilesDownload UnlimitedFilesUpload UnlimitedFilesDelete;
}

/// What selects a file, in the words of the use cases. `C` is what else the family takes to say whose it is.
trait Selects<C> {
    /// The feature, and the word of its file, where the family has words.
    fn selected(self, owner: C) -> (FeatureSelector, Option<String>);
}

/// How families are selected: the type of their selectors and the kind, then the parameters for feature and file.
macro_rules! selectors {
    (@file $call:ident) => { None };
    (@file $call:ident $file:ident $word:ident) => { Some($call.$file.$word().to_string()) };
    ($($selectors:ident $kind:ident: $id:ident $($file:ident $word:ident)?;)*) => {$(
        impl Selects<Nothing> for $selectors {
            fn selected(self, _: Nothing) -> (FeatureSelector, Option<String>) {
                let key = FeatureKey { kind: FeatureKind::$kind, id: FeatureId(self.$id) };
                (key.into(), selectors!(@file self $($file $word)?))
            }
        }
    )*};
}

selectors! {
    Queue Queue: queue;
    Timegroup TimeGroup: timegroup;
    Campaign Campaign: campaign;
    MenuFile PatternMenu: patternmenu file as_str;
    Music Music: music file get;
    CardFile CardGroup: cardgroup file as_str;
    Unlimited Unlimited: unlimited file as_str;
}

/// The function has no `customer`: a number is looked for wherever the caller may look, in their own customer first.
impl Selects<Nothing> for Number {
    fn selected(self, _: Nothing) -> (FeatureSelector, Option<String>) {
        let number = self.number.as_str().to_owned();
        (FeatureSelector::Number(FeatureKind::Number, number), Some(self.file.as_str().to_owned()))
    }
}

impl Selects<InCustomer> for Code {
    fn selected(self, owner: InCustomer) -> (FeatureSelector, Option<String>) {
        let number = self.code.as_str().to_owned();
        let customer = owner.customer.0.map(CustomerId);
        let selector = FeatureSelector::NumberOf(FeatureKind::Code, number, customer);
        (selector, Some(self.file.as_str().to_owned()))
    }
}

impl Selects<InCustomer> for Mailbox {
    fn selected(self, owner: InCustomer) -> (FeatureSelector, Option<String>) {
        let number = self.mailbox.as_str().to_owned();
        let customer = owner.customer.0.map(CustomerId);
        let selector = FeatureSelector::NumberOf(FeatureKind::Mailbox, number, customer);
        (selector, Some(self.file.as_str().to_owned()))
    }
}

/// The feature and the file that a call names. Words that are allowed here and unknown there would be a slip of the tables.
fn place<S: Selects<C>, C>(file: S, owner: C) -> Result<(FeatureSelector, PromptFile), Failure> {
    let (selector, word) = file.selected(owner);
    let kind = selector.kind();
    let file = match word {
        Some(word) => kind.file(&word),
        None => kind.files().next(),
    };
    Ok((selector, file.ok_or(Failure::Internal)?))
}

async fn download<S: Selects<C>, C>(visit: &Visit<'_>, call: Download<S, C>) -> Result<Outcome, Failure> {
    let (selector, file) = place(call.file, call.owner)?;
    let (principal, prompts) = (&visit.principal, &visit.app.services.prompts);
    let exists = prompts.exists(principal, selector.clone(), file);
    let open = async {
        let (feature, playable) = prompts.open(principal, selector, file).await?;
        Ok((feature.id.0, playable))
    };
    audio::download(visit, call.wanted, exists, open).await
}

async fn upload<S: Selects<C>, C>(
    visit: &Visit<'_>,
    call: Upload<S, Source, C>,
    spool: Option<Spool>,
) -> Result<Outcome, Failure> {
    let (selector, file) = place(call.file, call.owner)?;
    let (principal, prompts) = (&visit.principal, &visit.app.services.prompts);
    let put = match call.source {
        Source::Sound(sound) => prompts.put_sound(principal, selector, file, SoundId(sound)).await,
        Source::Audio(sent) => {
            let begin = prompts.begin(principal, selector, file, Some(sent.bytes));
            let prompt = audio::take_in(visit, sent, spool, begin).await?;
            prompts.put(principal, prompt, visit.file_name.as_deref()).await
        }
    };
    put.map_err(|error| visit.failed(&error))?;
    Ok(Outcome::Reply(Reply::done()))
}

async fn delete<S: Selects<C>, C>(visit: &Visit<'_>, call: Delete<S, C>) -> Result<Outcome, Failure> {
    let (selector, file) = place(call.file, call.owner)?;
    let removed = visit.app.services.prompts.remove(&visit.principal, selector, file).await;
    removed.map_err(|error| visit.failed(&error))?;
    Ok(Outcome::Reply(Reply::done()))
}
