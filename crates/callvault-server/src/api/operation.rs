//! What the description says of one operation, gathered from the types of its handler: each argument and each answer
//! describes itself, once. So a handler cannot take or answer what is not described.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::problem::Code;

/// The schemas that operations refer to. What is sent and what is answered differ in what must be there.
pub(crate) struct Schemas {
    sent: SchemaGenerator,
    answered: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.meta_schema = None;
                settings.transforms.push(Box::new(RecursiveTransform(as_told)));
                settings.definitions_path = "/components/schemas".into();
            })
        };
        Self {
            sent: settings().for_deserialize().into_generator(),
            answered: settings().for_serialize().into_generator(),
        }
    }
}

/// serde's defaults are not told: where null takes a value away and nothing keeps it, they would be wrong. And the lines of a
/// comment are those of the source, not of a text.
fn as_told(schema: &mut Schema) {
    schema.remove("default");
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
    }
}

impl Schemas {
    /// The schema of what is sent, written out where it stands.
    pub(crate) fn sent<T: JsonSchema>(&mut self) -> Value {
        T::json_schema(&mut self.sent).to_value()
    }

    /// A reference to the schema of what is sent.
    pub(crate) fn sent_ref<T: JsonSchema>(&mut self) -> Value {
        self.sent.subschema_for::<T>().to_value()
    }

    /// A reference to the schema of what is answered.
    pub(crate) fn answered_ref<T: JsonSchema>(&mut self) -> Value {
        self.answered.subschema_for::<T>().to_value()
    }

    /// All that were referred to. A name that is both sent and answered has to mean the same.
    pub(crate) fn into_components(mut self) -> Map<String, Value> {
        let mut all = self.answered.take_definitions(true);
        for (name, schema) in self.sent.take_definitions(true) {
            if let Some(answered) = all.get(&name) {
                assert_eq!(answered, &schema, "{name} is sent and answered, and not the same");
            }
            all.insert(name, schema);
        }
        all
    }
}

/// One operation as far as it is described.
#[derive(Default)]
pub(crate) struct Operation {
    /// The schema and the meaning of each parameter of the path, in its order.
    pub(crate) path: Vec<(Value, &'static str)>,
    /// Parameters of query and headers, whole.
    pub(crate) parameters: Vec<Value>,
    /// What the body is.
    pub(crate) body: Option<Value>,
    /// The answers that are no problems: status and answer.
    pub(crate) answers: Vec<(u16, Value)>,
    /// The problems that may be answered.
    pub(crate) codes: Vec<Code>,
    /// Whether a login is needed.
    pub(crate) login: bool,
    /// Whether HEAD is worth telling.
    pub(crate) head: bool,
}

impl Operation {
    /// The problems with these codes may be answered.
    pub(crate) fn fails(&mut self, codes: &[Code]) {
        self.codes.extend(codes);
        self.codes.sort_unstable();
        self.codes.dedup();
    }

    /// The next parameter of the path.
    pub(crate) fn path(&mut self, schema: Value, meaning: &'static str) {
        self.path.push((schema, meaning));
    }

    /// The fields of an object as parameters of the query.
    pub(crate) fn query(&mut self, object: &Value) {
        let required = object["required"].as_array();
        for (name, schema) in object["properties"].as_object().into_iter().flatten() {
            let mut schema = schema.clone();
            // There is no null in a query: a parameter that is not given is not there.
            without_null(&mut schema);
            let mut parameter = json!({ "name": name, "in": "query" });
            if let Some(about) = schema.as_object_mut().and_then(|schema| schema.remove("description")) {
                parameter["description"] = about;
            }
            if required.is_some_and(|required| required.iter().any(|one| one == name)) {
                parameter["required"] = true.into();
            }
            parameter["schema"] = schema;
            self.parameters.push(parameter);
        }
    }

    /// The names of the parameters of the query.
    pub(crate) fn in_query(&self) -> Vec<String> {
        let names = self.parameters.iter().filter(|one| one["in"] == "query").map(|one| &one["name"]);
        names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
    }

    /// An answer with a JSON body.
    pub(crate) fn answers_json(&mut self, status: u16, schema: &Value) {
        let content = json!({ "application/json": { "schema": schema } });
        self.answers.push((status, json!({ "description": reason(status), "content": content })));
    }
}

/// The schema of a value that may be null, for where it may not.
fn without_null(schema: &mut Value) {
    let null = json!({ "type": "null" });
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|one| one != "null");
        if let [one] = types.as_slice() {
            schema["type"] = one.clone();
        }
    }
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.retain(|word| !word.is_null());
    }
    if let Some(either) = schema.get_mut("anyOf").and_then(Value::as_array_mut)
        && either.contains(&null)
    {
        either.retain(|one| *one != null);
        let either: Vec<_> = either.drain(..).filter_map(|one| one.as_object().cloned()).collect();
        if let (Some(schema), Ok([one])) = (schema.as_object_mut(), <[_; 1]>::try_from(either)) {
            schema.remove("anyOf");
            schema.extend(one);
        }
    }
}

/// The words of a status.
pub(crate) fn reason(status: u16) -> &'static str {
    http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Answer")
}

/// An argument of a handler.
pub(crate) trait Input {
    /// Tells what it reads from the request, and how that fails.
    fn describe(operation: &mut Operation, schemas: &mut Schemas);
}

/// What a handler answers.
pub(crate) trait Answers {
    /// Tells the statuses and bodies.
    fn describe(operation: &mut Operation, schemas: &mut Schemas);
}

/// A handler, all of whose arguments and answers describe themselves. `Arguments` is the tuple of its arguments.
pub(crate) trait Described<Arguments> {
    /// Tells everything that the types know.
    fn describe(operation: &mut Operation, schemas: &mut Schemas);
}

macro_rules! described {
    ($($argument:ident)*) => {
        impl<Handler, Future, Answer, $($argument),*> Described<($($argument,)*)> for Handler
        where
            Handler: Fn($($argument),*) -> Future,
            Future: std::future::Future<Output = Answer>,
            Answer: Answers,
            $($argument: Input,)*
        {
            fn describe(operation: &mut Operation, schemas: &mut Schemas) {
                $($argument::describe(operation, schemas);)*
                Answer::describe(operation, schemas);
            }
        }
    };
}

described!(A);
described!(A B);
described!(A B C);
described!(A B C D);
described!(A B C D E);
described!(A B C D E F);

/// What the application shares is nothing of the request.
impl<S> Input for axum::extract::State<S> {
    fn describe(_: &mut Operation, _: &mut Schemas) {}
}

/// Method and headers: the answer that depends on them describes them.
impl Input for http::request::Parts {
    fn describe(_: &mut Operation, _: &mut Schemas) {}
}

impl<A: Answers> Answers for Result<A, super::problem::Problem> {
    fn describe(operation: &mut Operation, schemas: &mut Schemas) {
        A::describe(operation, schemas);
        operation.fails(&[Code::Internal]);
    }
}
