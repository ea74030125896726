package notify

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/longhaul/longhaul/job"
)

// Slack's limits: 3,000 characters for a block's text, 2,000 for a field. They are counted here in UTF-16
// units and after escaping, which is never less than what Slack counts.
const (
	maxText = 1500
	maxName = 200 // kind, tenant, job ID
	maxLink = 1000
)

// payload is the body of an incoming webhook, as far as it is used.
type payload struct {
	// Text is what notifications and screen readers show in place of the blocks.
	Text        string  `json:"text"`
	Blocks      []block `json:"blocks"`
	UnfurlLinks bool    `json:"unfurl_links"` // no preview of the job's page: Slack cannot reach it
}

type block struct {
	Type     string `json:"type"`
	Text     *text  `json:"text,omitempty"`
	Fields   []text `json:"fields,omitempty"`
	Elements []text `json:"elements,omitempty"`
}

type text struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

func mrkdwn(s string) text { return text{Type: "mrkdwn", Text: s} }

var icons = map[About]string{
	Slow: "🐢", Stalled: "⏸️", Failed: "🔴", Recovered: "🟢", Ended: "🏁",
}

func render(m Message) payload {
	icon := icons[m.About]
	if m.About == Ended && m.State != job.Succeeded {
		icon = "🟡"
	}
	name := fmt.Sprintf("%s %s for %s", noun(m), escape(m.Kind, maxName), escape(m.Tenant, maxName))
	title := mrkdwn(fmt.Sprintf("%s *%s*\nThe job %s.", icon, name, m.headline()))
	blocks := []block{{Type: "section", Text: &title}, {Type: "section", Fields: fields(m)}}
	if m.Text != "" {
		reason := mrkdwn(escape(m.Text, maxText))
		blocks = append(blocks, block{Type: "section", Text: &reason})
	}
	footer := []text{mrkdwn("Job " + escape(m.JobID, maxName))}
	if link := safeLink(m.Link); link != "" {
		footer = append(footer, mrkdwn("<"+link+"|Open the job>"))
	}
	return payload{
		Text:   fmt.Sprintf("%s %s: the job %s", icon, name, m.headline()),
		Blocks: append(blocks, block{Type: "context", Elements: footer}),
	}
}

func fields(m Message) []text {
	state := string(m.State)
	if m.Reason != "" {
		state += " (" + string(m.Reason) + ")"
	}
	out := []text{
		mrkdwn("*State*\n" + escape(state, maxName)),
		mrkdwn("*Progress*\n" + m.progress()),
	}
	if !m.Since.IsZero() {
		// Slack shows it in the reader's own time zone; the part after | is for clients that cannot.
		out = append(out, mrkdwn(fmt.Sprintf("*Since*\n<!date^%d^{date_short_pretty} {time}|%s>",
			m.Since.Unix(), m.Since.UTC().Format(time.RFC3339))))
	}
	return out
}

func noun(m Message) string {
	return escape(strings.ReplaceAll(string(m.Type), "_", " "), maxName)
}

var entities = map[rune]string{'&': "&amp;", '<': "&lt;", '>': "&gt;"}

// escape makes s plain text in Slack's markup: without the three letters that begin mentions, links and
// entities, nobody's data can call @channel. It cuts at most units of UTF-16, never inside an entity.
func escape(s string, most int) string {
	var b strings.Builder
	left := most - 1 // for the ellipsis
	for _, r := range s {
		piece, units := string(r), utf16.RuneLen(r)
		if entity, found := entities[r]; found {
			piece, units = entity, len(entity)
		}
		if left -= units; left < 0 {
			return b.String() + "…"
		}
		b.WriteString(piece)
	}
	return b.String()
}

// safeLink returns a web link in a form that cannot end the <link|label> it stands in, else "".
func safeLink(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	link := strings.NewReplacer("|", "%7C", "<", "%3C", ">", "%3E", "&", "&amp;").Replace(u.String())
	if len(link) > maxLink {
		return "" // half a link is worse than none
	}
	return link
}
