CREATE TABLE "fold_checks" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"workspace_id" uuid NOT NULL,
	"state" text NOT NULL,
	"requested_by" text NOT NULL,
	"position" bigint DEFAULT 0 NOT NULL,
	"checked" bigint DEFAULT 0 NOT NULL,
	"outcomes" bigint,
	"ok" boolean,
	"differences" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"error" text,
	"started_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"beat_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp (3) with time zone,
	"duration_ms" integer
);
--> statement-breakpoint
CREATE TABLE "fold_snapshot_columns" (
	"workspace_id" uuid NOT NULL,
	"part" integer NOT NULL,
	"codes" "bytea" NOT NULL,
	"meta" "bytea" NOT NULL,
	"values" "bytea",
	"retracted_by" "bytea",
	CONSTRAINT "fold_snapshot_columns_workspace_id_part_pk" PRIMARY KEY("workspace_id","part")
);
--> statement-breakpoint
CREATE TABLE "fold_snapshot_pages" (
	"workspace_id" uuid NOT NULL,
	"page" integer NOT NULL,
	"bytes" "bytea" NOT NULL,
	CONSTRAINT "fold_snapshot_pages_workspace_id_page_pk" PRIMARY KEY("workspace_id","page")
);
--> statement-breakpoint
CREATE TABLE "fold_snapshots" (
	"workspace_id" uuid PRIMARY KEY NOT NULL,
	"term" bigint NOT NULL,
	"position" bigint NOT NULL,
	"fold_version" integer NOT NULL,
	"v8" text NOT NULL,
	"layout" text NOT NULL,
	"space" text NOT NULL,
	"metrics" text NOT NULL,
	"leaders" text NOT NULL,
	"last_recorded_at" timestamp (3) with time zone,
	"settings_seen" integer NOT NULL,
	"page_digests" "bytea" NOT NULL,
	"part_digests" "bytea" NOT NULL,
	"digest" "bytea" NOT NULL,
	"written_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "fold_checks_newest" ON "fold_checks" USING btree ("workspace_id","started_at" DESC NULLS LAST);--> statement-breakpoint
CREATE UNIQUE INDEX "fold_checks_running" ON "fold_checks" USING btree ("workspace_id") WHERE "fold_checks"."state" = 'running';--> statement-breakpoint
-- Numbers without a pattern: trying to compress them costs more than it saves.
ALTER TABLE "fold_snapshot_pages" ALTER COLUMN "bytes" SET STORAGE EXTERNAL;--> statement-breakpoint
ALTER TABLE "fold_snapshot_columns" ALTER COLUMN "codes" SET STORAGE EXTERNAL, ALTER COLUMN "meta" SET STORAGE EXTERNAL, ALTER COLUMN "values" SET STORAGE EXTERNAL, ALTER COLUMN "retracted_by" SET STORAGE EXTERNAL;
