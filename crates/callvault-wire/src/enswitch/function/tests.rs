use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::enswitch::auth::Credentials;
use crate::enswitch::schema::Presence;

#[test]
fn paths_parameters_and_codes_are_told_once() {
    let mut paths = BTreeSet::new();
    for function in Function::all() {
        assert_eq!(FUNCTIONS[function as usize].0, function);
        assert!(paths.insert(function.path()), "{}", function.path());
        let names: Vec<_> = function.parameters().iter().map(|parameter| parameter.name).collect();
        let once: BTreeSet<_> = names.iter().collect();
        assert_eq!(once.len(), names.len(), "{}: {names:?}", function.path());
        assert!(!function.privileges().is_empty(), "{}", function.path());
        assert!(function.codes().contains(&Code::Unauthenticated) && function.codes().contains(&Code::Role));
        assert_eq!(
            function.codes().contains(&Code::NotFound),
            function.no_such().is_some(),
            "{}",
            function.path()
        );
    }
}

#[test]
fn what_is_missing_is_told_by_its_selector() {
    let check = |function: Function, no_such: Failure, no_file: Option<Failure>| {
        assert_eq!(function.no_such().unwrap().entries(), no_such.entries(), "{}", function.path());
        assert_eq!(function.no_file(), no_file, "{}", function.path());
    };
    check(Function::HuntgroupsFilesDownload, Failure::NoSuchHuntgroup, None);
    let message = "No such feature code, or you do not have permission to view it.";
    let no_file = Failure::NoFile { key: "file", message: "No file for this feature code." };
    check(Function::CodesFilesDelete, Failure::NoSuch { key: "code", message }, Some(no_file));
    let message = "No such queue, or you do not have permission to view it.";
    let no_file = Failure::NoFile { key: "queue", message: "No file for this queue." };
    check(Function::QueuesFilesUpload, Failure::NoSuch { key: "queue", message }, Some(no_file));
}

#[test]
fn a_file_is_taken_by_uploads_alone() {
    for function in Function::all() {
        assert_eq!(function.takes_file(), function.path().ends_with("/files/upload"), "{}", function.path());
    }
}

/// What stands in for a parameter's value where one is required.
fn some_value(parameter: &Parameter) -> &'static str {
    match parameter.name {
        "dtype" => "phone",
        "data" => "Zm9v",
        "password" => "password",
        "file" if parameter.kind == Kind::Text => parameter.allowed.split('"').nth(1).unwrap_or_default(),
        _ => "1",
    }
}

/// The least that a function takes: what is required, and the first of what stands in for each other.
fn least(function: Function) -> String {
    let mut query = String::new();
    let mut stands_in = false;
    for parameter in function.parameters() {
        let wanted = match parameter.presence {
            Presence::Required => true,
            Presence::Unless(_) => !std::mem::replace(&mut stands_in, true),
            Presence::Default(_) | Presence::Otherwise(_) | Presence::Keep => false,
        };
        if wanted {
            query += &format!("{}={};", parameter.name, some_value(parameter));
        }
    }
    if function == Function::HuntgroupsDestinationsList {
        query += "dnumber=1";
    }
    query
}

/// Fails as well where a declared default is no valid value.
#[test]
fn every_function_takes_its_least() {
    for function in Function::all() {
        let query = least(function);
        let parameters = Parameters::from_query(function, query.as_bytes());
        let call = Call::from_parameters(&parameters).unwrap_or_else(|faults| panic!("{query}: {faults:?}"));
        assert_eq!(call.function(), function);
        for parameter in function.parameters() {
            if let Presence::Default(default) = parameter.presence {
                // Sent as such, the default changes nothing.
                let query = format!("{query};{}={default}", parameter.name);
                let same = Parameters::from_query(function, query.as_bytes());
                assert_eq!(Call::from_parameters(&same), Ok(call.clone()), "{}?{query}", function.path());
            }
        }
    }
}

/// A NUL is no value of any parameter, so that there is a wrong value for each.
#[test]
fn every_bad_parameter_has_one_fault_in_the_order_of_the_table() {
    for function in Function::all() {
        let parameters = function.parameters();
        let sent = parameters.iter().filter(|parameter| parameter.kind != Kind::Base64);
        let query: Vec<String> =
            sent.clone().rev().map(|parameter| format!("{}=%00", parameter.name)).collect();
        let parameters = Parameters::from_query(function, query.join("&").as_bytes());
        let Err(faults) = Call::from_parameters(&parameters) else {
            assert!(query.is_empty(), "{}", function.path());
            continue;
        };
        let keys: Vec<_> = faults.iter().map(|fault| fault.key).collect();
        let wanted: Vec<_> = sent.map(|parameter| parameter.name).collect();
        // Without its file, an upload lacks that as well, or has a sound that is wrong anyway.
        let keys: Vec<_> = keys.into_iter().filter(|key| *key != "data").collect();
        assert_eq!(keys, wanted, "{}", function.path());
    }
}

/// Members of an object as the query that sends them.
fn as_query(members: &serde_json::Map<String, serde_json::Value>) -> String {
    let pair = |(name, value): (&String, &serde_json::Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{name}={}", percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC))
    };
    members.iter().map(pair).collect::<Vec<_>>().join(";")
}

proptest! {
    /// Also, a call that is sent as it was understood is understood as the same.
    #[test]
    fn any_query_is_judged(
        names in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        values in prop::collection::vec("[-+0-9]{0,3}|[a-z_]{0,9}|\\PC{0,9}", 12),
        raw in prop::collection::vec(any::<u8>(), 0..40),
        has_least: bool,
    ) {
        for function in Function::all() {
            let known = function.parameters();
            let mut query = raw.clone();
            if has_least {
                query.extend_from_slice(format!("&{}", least(function)).as_bytes());
            }
            for (name, value) in names.iter().zip(&values) {
                if !known.is_empty() {
                    query.extend_from_slice(format!("&{}={value}", name.get(&known).name).as_bytes());
                }
            }
            let parameters = Parameters::from_query(function, &query);
            let _ = Credentials::from_parameters(&parameters);
            match Call::from_parameters(&parameters) {
                Ok(call) => {
                    let shown: serde_json::Value = serde_json::from_str(&call.shown()).unwrap();
                    let shown = shown.as_object().unwrap();
                    // Secrets and files are not shown as they were sent.
                    if shown.values().any(|value| value == "***") || shown.contains_key("data") {
                        continue;
                    }
                    let again = as_query(shown);
                    let same = Parameters::from_query(function, again.as_bytes());
                    prop_assert_eq!(Call::from_parameters(&same), Ok(call), "{}?{}", function.path(), again);
                }
                Err(faults) => prop_assert!(!faults.is_empty(), "{}", function.path()),
            }
        }
    }
}
