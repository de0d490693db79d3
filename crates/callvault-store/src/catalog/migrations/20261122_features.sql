-- What has files besides the levels of hunt groups (queues, mailboxes, numbers and so on), and these files. Ids count within a
-- kind. A number is there in kinds that are selected by it, and unique in a customer's.

CREATE TABLE feature (
    kind TEXT NOT NULL,
    id BIGINT NOT NULL,
    customer BIGINT NOT NULL REFERENCES customer (id),
    number TEXT,
    name TEXT NOT NULL,
    owner BIGINT REFERENCES person (id),
    is_system BOOL NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX feature_customer ON feature (customer, kind, id);
CREATE UNIQUE INDEX feature_number ON feature (kind, number, customer);
CREATE INDEX feature_owner ON feature (owner);

CREATE TABLE prompt (
    kind TEXT NOT NULL,
    feature BIGINT NOT NULL,
    file TEXT NOT NULL,
    name TEXT NOT NULL,
    put_by BIGINT,
    created_at BIGINT NOT NULL,
    audio TEXT NOT NULL REFERENCES audio (key),
    PRIMARY KEY (kind, feature, file),
    FOREIGN KEY (kind, feature) REFERENCES feature (kind, id)
);
CREATE INDEX prompt_audio ON prompt (audio);
