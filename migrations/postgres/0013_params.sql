-- What an account gives to the parameters of its app's playbook, as a JSON object.
ALTER TABLE accounts ADD COLUMN params text NOT NULL DEFAULT '{}';
