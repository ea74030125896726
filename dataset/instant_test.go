package dataset_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longhaul/longhaul/internal/upload"
	"github.com/longhaul/longhaul/job"
)

func TestInstantsAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	kst := time.FixedZone("KST", 9*60*60)
	day := time.Date(2024, 3, 5, 0, 0, 0, 0, kst).UTC()
	half := time.Date(2024, 3, 5, 14, 30, 0, 0, kst).UTC()
	at := func(s string, want time.Time) reading { return reading{field: "sent_at", cell: said(s), want: want} }
	no := func(s string) reading { return reading{field: "sent_at", cell: said(s), code: job.RowNotADate} }
	checkReadings(t, seoul(t), []reading{
		at("2024-03-05", day), at("2024-3-5", day), at("2024/3/5", day), at("2024/03/05", day),
		at("2024.3.5", day), at("2024.3.5.", day), at("2024. 3. 5.", day), at("2024. 03. 05", day),
		at("2024년 3월 5일", day), at("2024년3월5일", day), at("２０２４년 ０３월 ０５일", day),
		at("20240305", day), at("5 Mar 2024", day), at("05-Mar-2024", day), at("5/March/2024", day), at("Mar 5, 2024", day),
		at("MARCH 5 2024", day), at("2024-03-05(화)", day), at("2024-03-05 (Tue)", day), at("Tuesday, 5 March 2024", day),
		at("화요일, 2024-03-05", day),
		at("2024-03-05 14:30", half), at("2024-03-05 14:30:00", half), at("2024-03-05T14:30:00", half),
		at("2024-03-05  14:30:00.000", half), at("2024-03-05, 14:30", half),
		at("2024-03-05 오후 2:30", half), at("2024-03-05 오후 02:30:00", half), at("2024. 3. 5. 오후 2:30:00", half),
		at("2024-03-05 2:30 PM", half), at("2024-03-05 2:30pm", half), at("2024-03-05 2:30 p.m.", half),
		at("2024년 3월 5일 14시 30분", half), at("2024년 3월 5일 14시 30분 0초", half), at("2024년 3월 5일 오후 2시 30분", half),
		at("20240305143000", half), at("202403051430", half), at("20240305 14:30", half),
		at("2024-03-05T05:30:00Z", half), at("2024-03-05T14:30:00+09:00", half), at("2024-03-05T14:30:00+0900", half),
		at("2024-03-05T00:30:00-05", half), at("2024-03-05 05:30:00 UTC", half), at("2024-03-05 14:30 KST", half),
		at("Tue, 05 Mar 2024 05:30:00 GMT", half),
		at("2024-03-05 00:00", day), at("2024-03-05 오전 12:00", day), at("2024-03-05 12:00 AM", day),
		at("2024-03-05 14:30:00.123456789", half.Add(123456*time.Microsecond)),
		at("2024-03-05 14:30:00,5", half.Add(500*time.Millisecond)),
		at("12/31/2024", time.Date(2024, 12, 31, 0, 0, 0, 0, kst).UTC()), at("31/12/2024", time.Date(2024, 12, 31, 0, 0, 0, 0, kst).UTC()),
		at("31.12.2024", time.Date(2024, 12, 31, 0, 0, 0, 0, kst).UTC()), at("5/5/2024", time.Date(2024, 5, 5, 0, 0, 0, 0, kst).UTC()),
		at("12/31/2024 11:59 PM", time.Date(2024, 12, 31, 23, 59, 0, 0, kst).UTC()),
		at("2024-02-29", time.Date(2024, 2, 29, 0, 0, 0, 0, kst).UTC()),
		at("1900-01-01 12:00", time.Date(1900, 1, 1, 12, 0, 0, 0, seoul(t)).UTC()),
		at("2999-12-31", time.Date(2999, 12, 31, 0, 0, 0, 0, kst).UTC()),

		no("2023-02-29"), no("2024-13-01"), no("2024-00-10"), no("2024-01-32"), no("1899-12-31"), no("3000-01-01"),
		no("24-03-05"), no("05/03/24"), no("5 Mar 24"), no("2024-03"), no("2024"), no("March"), no("화"),
		no("2024-03/05"), no("2024-03-05 " + "x"), no("2024-03-0514:30"), no("2024-03-05 24:00"), no("2024-03-05 14:60"),
		no("2024-03-05 14:30:60"), no("2024-03-05 14"), no("2024-03-05 14:3"), no("2024-03-05 13:30 PM"), no("2024-03-05 0:30 AM"),
		no("2024-03-05T14:30:00+15:00"), no("2024-03-05T14:30:00+9"), no("2024-03-05 14:30 CET"), no("20240305143060"),
		no("2024-03-05("), no("2024-03-05(x)"), no("13/13/2024"), no("32/1/2024"), no("2024030514"), no("tomorrow"), no("0"),
		no("20240305143000 14:30"), no("2024-03-05T"),
		{field: "sent_at", cell: said("3/4/2024"), code: job.RowAmbiguousDate, limit: "2024-04-03, 2024-03-04"},
		{field: "sent_at", cell: said("03-04-2024 10:00"), code: job.RowAmbiguousDate, limit: "2024-04-03, 2024-03-04"},
		{field: "sent_at", cell: upload.Cell{}, code: job.RowRequired},

		{field: "sent_at", cell: dated(t, "2024-03-05 14:30:00", true, true), want: half},
		{field: "sent_at", cell: dated(t, "2024-03-05 00:00:00", true, false), want: day},
		{field: "sent_at", cell: dated(t, "2024-03-05 14:30:00", false, true), code: job.RowNotADate},
		{field: "sent_at", cell: dated(t, "1899-12-31 00:00:00", true, false), code: job.RowNotADate},
		{field: "sent_at", cell: counted("20240305"), want: day},
		{field: "sent_at", cell: counted("20240305143000"), want: half},
		{field: "sent_at", cell: counted("45356"), code: job.RowNotADate, limit: "2024-03-05"},
		{field: "sent_at", cell: counted("45356.604166"), code: job.RowNotADate, limit: "2024-03-05"},
		{field: "sent_at", cell: counted("12"), code: job.RowNotADate},
		{field: "sent_at", cell: flagged("true"), code: job.RowNotADate},
		{field: "sent_at", cell: faulty("#VALUE!"), code: job.RowCellError},
	})
}

func TestTimesThatAClockLeavesOutAreNone(t *testing.T) {
	t.Parallel()
	york, havana := zone(t, "America/New_York"), zone(t, "America/Havana")
	for _, c := range []struct {
		zone *time.Location
		reading
	}{
		{york, reading{field: "sent_at", cell: said("2024-03-10 02:30"), code: job.RowNotADate}},
		{york, reading{field: "sent_at", cell: dated(t, "2024-03-10 02:30:00", true, true), code: job.RowNotADate}},
		{york, reading{field: "sent_at", cell: said("2024-03-10 03:00"), want: time.Date(2024, 3, 10, 7, 0, 0, 0, time.UTC)}},
		// Where clocks are put back, an hour comes twice, and the first one counts.
		{york, reading{field: "sent_at", cell: said("2024-11-03 01:30"), want: time.Date(2024, 11, 3, 5, 30, 0, 0, time.UTC)}},
		{york, reading{field: "sent_at", cell: said("2024-11-03 01:30 UTC"), want: time.Date(2024, 11, 3, 1, 30, 0, 0, time.UTC)}},
		// A day may begin at one o'clock.
		{havana, reading{field: "sent_at", cell: said("2024-03-10"), want: time.Date(2024, 3, 10, 5, 0, 0, 0, time.UTC)}},
		{havana, reading{field: "sent_at", cell: said("2024-03-10 00:00"), code: job.RowNotADate}},
		{havana, reading{field: "sent_at", cell: said("2024-11-03"), want: time.Date(2024, 11, 3, 4, 0, 0, 0, time.UTC)}},
		// Samoa left out a whole day.
		{zone(t, "Pacific/Apia"), reading{field: "sent_at", cell: said("2011-12-30"), code: job.RowNotADate}},
		{zone(t, "Pacific/Apia"), reading{field: "sent_at", cell: said("2011-12-31"), want: time.Date(2011, 12, 30, 10, 0, 0, 0, time.UTC)}},
	} {
		t.Run(c.zone.String()+" "+string(c.cell.Text), func(t *testing.T) {
			t.Parallel()
			c.check(t, c.zone)
		})
	}
}

// TestWhatIsWrittenIsReadBack writes random instants in every layout and reads them.
func TestWhatIsWrittenIsReadBack(t *testing.T) {
	t.Parallel()
	layouts := []string{
		"2006-01-02 15:04:05", "2006-1-2 15:04:05", "2006/1/2 15:04:05", "2006.1.2. 15:04:05", "2006. 1. 2. 15:04:05",
		"2006년 1월 2일 15시 4분 5초", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05-0700", "2006-01-02 3:04:05 PM",
		"20060102150405", "2 Jan 2006 15:04:05", "January 2, 2006 15:04:05", time.RFC1123Z,
	}
	k := checkedSave(t, returns())
	for _, name := range []string{"Asia/Seoul", "UTC", "America/New_York", "Australia/Lord_Howe"} {
		z := zone(t, name)
		reader := k.Reader(columnsOf(k), z)
		random := rand.New(rand.NewPCG(1, 2))
		for range 1000 {
			at := time.Unix(random.Int64N(4_000_000_000), 0).In(z) // from 1970 to 2096
			layout := layouts[random.IntN(len(layouts))]
			written := at.Format(layout)

			values, errs := reader.Read(good(t, map[string]upload.Cell{"sent_at": said(written)}))

			require.Empty(t, errs, written)
			got := values[7].(time.Time)
			require.Equal(t, time.UTC, got.Location())
			if !got.Equal(at) { // the hour that comes twice
				require.Equal(t, at.Format(time.DateTime), got.In(z).Format(time.DateTime), written)
				require.True(t, got.Before(at), written)
			}
		}
	}
}
