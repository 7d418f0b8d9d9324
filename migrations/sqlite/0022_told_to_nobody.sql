-- Each server's messages by themselves, so that those to one that nobody delivers to are in no other's way.
CREATE INDEX webhook_deliveries_of ON webhook_deliveries (endpoint, due_at) WHERE due_at IS NOT NULL;
