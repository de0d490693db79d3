-- The foundation: customers, people, hunt groups, sounds, recordings, sessions, tickets and the listen log.
-- Only BIGINT, TEXT, BYTEA and BOOL. Times are Unix milliseconds. Numbers come from the counter, never from a sequence.

CREATE TABLE counter (
    kind TEXT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);

CREATE TABLE customer (
    id BIGINT NOT NULL PRIMARY KEY,
    parent BIGINT REFERENCES customer (id),
    name TEXT NOT NULL,
    timezone TEXT NOT NULL,
    disabled BOOL NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX customer_parent ON customer (parent);

CREATE TABLE role (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    reach TEXT NOT NULL,
    privileges TEXT NOT NULL,
    builtin BOOL NOT NULL
);

CREATE TABLE person (
    id BIGINT NOT NULL PRIMARY KEY,
    customer BIGINT NOT NULL REFERENCES customer (id),
    username TEXT NOT NULL,
    username_key TEXT NOT NULL UNIQUE,
    role BIGINT NOT NULL REFERENCES role (id),
    password_hash TEXT NOT NULL,
    source TEXT NOT NULL,
    download_errors TEXT NOT NULL,
    disabled BOOL NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX person_customer ON person (customer, id);

CREATE TABLE audio (
    key TEXT NOT NULL PRIMARY KEY,
    sha256 BYTEA NOT NULL,
    size_bytes BIGINT NOT NULL,
    escaped_len BIGINT NOT NULL,
    container TEXT NOT NULL,
    codec TEXT NOT NULL,
    rate_hz BIGINT NOT NULL,
    channels BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    marks TEXT NOT NULL
);

-- Objects that nothing above or below needs: lease_until while being received, discarded_at from then on.
CREATE TABLE loose_object (
    key TEXT NOT NULL PRIMARY KEY,
    lease_until BIGINT,
    discarded_at BIGINT
);
CREATE INDEX loose_object_lease ON loose_object (lease_until);
CREATE INDEX loose_object_discarded ON loose_object (discarded_at);

CREATE TABLE hunt_group (
    id BIGINT NOT NULL PRIMARY KEY,
    customer BIGINT NOT NULL REFERENCES customer (id),
    name TEXT NOT NULL,
    owner BIGINT REFERENCES person (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX hunt_group_customer ON hunt_group (customer, id);
CREATE INDEX hunt_group_owner ON hunt_group (owner);

CREATE TABLE message (
    hunt_group BIGINT NOT NULL REFERENCES hunt_group (id),
    level BIGINT NOT NULL,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    current BOOL NOT NULL,
    put_by BIGINT,
    created_at BIGINT NOT NULL,
    audio TEXT NOT NULL REFERENCES audio (key),
    PRIMARY KEY (hunt_group, level, version)
);
CREATE UNIQUE INDEX message_current ON message (hunt_group, level) WHERE current;
CREATE INDEX message_audio ON message (audio);

CREATE TABLE sound (
    id BIGINT NOT NULL PRIMARY KEY,
    customer BIGINT NOT NULL REFERENCES customer (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    audio TEXT REFERENCES audio (key)
);
CREATE INDEX sound_customer ON sound (customer, id);
CREATE INDEX sound_audio ON sound (audio);

CREATE TABLE recording (
    customer BIGINT NOT NULL REFERENCES customer (id),
    name TEXT NOT NULL,
    id BIGINT NOT NULL UNIQUE,
    stored_at BIGINT NOT NULL,
    audio TEXT NOT NULL REFERENCES audio (key),
    PRIMARY KEY (customer, name)
);
CREATE INDEX recording_name ON recording (name, customer);
CREATE INDEX recording_audio ON recording (audio);

CREATE TABLE session (
    token BYTEA NOT NULL PRIMARY KEY,
    person BIGINT NOT NULL REFERENCES person (id),
    customer BIGINT NOT NULL,
    peer TEXT NOT NULL,
    application_server TEXT,
    report_port BIGINT NOT NULL,
    report_url TEXT NOT NULL,
    report_url_is_complete BOOL NOT NULL,
    report_version TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_person ON session (person);

CREATE TABLE ticket (
    random BYTEA NOT NULL PRIMARY KEY,
    handle TEXT NOT NULL,
    customer BIGINT NOT NULL REFERENCES customer (id),
    recording TEXT NOT NULL,
    session BYTEA,
    made_by BIGINT,
    allowed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    claimed_at BIGINT
);
CREATE INDEX ticket_handle ON ticket (handle);
CREATE INDEX ticket_expires ON ticket (expires_at);
CREATE INDEX ticket_claimed ON ticket (claimed_at);

CREATE TABLE writer_epoch (
    epoch BIGINT NOT NULL PRIMARY KEY,
    opened_at BIGINT NOT NULL
);

-- No reference to the customer: the log outlives what it tells of.
CREATE TABLE listen_log (
    customer BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    person BIGINT,
    door TEXT NOT NULL,
    peer TEXT NOT NULL,
    action TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    first_byte BIGINT NOT NULL,
    last_byte BIGINT NOT NULL,
    ticket TEXT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (customer, epoch, sequence)
);
CREATE INDEX listen_log_name ON listen_log (customer, name, epoch, sequence);
CREATE INDEX listen_log_person ON listen_log (customer, person, epoch, sequence);

CREATE TABLE listen_head (
    customer BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (customer, epoch)
);
