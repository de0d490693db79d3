-- What is known of people besides their accounts, with what lists of them are sorted by; descriptions of customers, how many people
-- and customers below it a customer may have, and the numbers of customers that are gone.

ALTER TABLE person ADD COLUMN email TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN title TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN forename TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN surname TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN company TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN country TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN timezone TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN date_format TEXT NOT NULL DEFAULT 'YYYY-MM-DD';
ALTER TABLE person ADD COLUMN time_format TEXT NOT NULL DEFAULT '24';
ALTER TABLE person ADD COLUMN telephone TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN mobile TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN fax TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN extension TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN public_key TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN email_key TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN forename_key TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN surname_key TEXT NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN full_name_key TEXT NOT NULL DEFAULT '';
CREATE INDEX person_email ON person (email_key, customer) WHERE email_key <> '';
CREATE INDEX person_username ON person (customer, username_key, id);
CREATE INDEX person_forename ON person (customer, forename_key, id);
CREATE INDEX person_surname ON person (customer, surname_key, id);
CREATE INDEX person_full_name ON person (customer, full_name_key, id);
CREATE INDEX person_role ON person (role, id);
CREATE INDEX report_target_person ON report_target (person);
CREATE INDEX ticket_made_by ON ticket (made_by);
CREATE INDEX ticket_customer ON ticket (customer);

ALTER TABLE customer ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE customer ADD COLUMN most_people BIGINT;
ALTER TABLE customer ADD COLUMN most_customers BIGINT;

CREATE TABLE gone_customer (
    id BIGINT NOT NULL PRIMARY KEY,
    gone_at BIGINT NOT NULL
);
