ALTER TABLE "feed_head" ADD COLUMN "dropped" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "feed_outbox" ADD COLUMN "bytes" integer;--> statement-breakpoint
-- As partitions.ts indexes the days that come from now on.
DO $$
DECLARE
  part text;
BEGIN
  FOR part IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'feed_outbox'::regclass
  LOOP
    EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %I (workspace_id, topic, seq) WHERE seq IS NOT NULL', part || '_topics', part);
    EXECUTE format('DROP INDEX IF EXISTS %I', part || '_replay');
  END LOOP;
END $$;
