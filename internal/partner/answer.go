package partner

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/job"
)

var byteOrderMark = []byte("\ufeff")

// read makes an answer of a response that came in whole.
func (c *Client) read(req *http.Request, resp *http.Response, r row, hint pace.Hint, body []byte) Answer {
	a := Answer{
		Class: r.Class, Code: r.Code, Status: resp.StatusCode, InDoubt: r.InDoubt && r.Class != Done,
		Report: pace.Report{Verdict: r.Verdict, Hint: hint},
	}
	body = bytes.TrimSpace(bytes.TrimPrefix(body, byteOrderMark))
	if len(body) > 0 && json.Valid(body) {
		a.Body = body
	}
	switch {
	case r.Class == Done && (len(body) == 0 || a.Body != nil):
	case r.Class == Done:
		a = garbled(a, body)
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		a.Message = clean(leadsTo(resp), c.settings.Auth.secrets(req))
	default:
		a.Message = clean(words(resp.Header, body, a.Body), c.settings.Auth.secrets(req))
	}
	if a.Message == "" && a.Class != Done {
		a.Message = answered(resp.StatusCode)
	}
	return a
}

// garbled is a success that cannot be one: a proxy's page, or half of something. Whether the call took effect is not known.
// A page means that the partner itself does not answer.
func garbled(a Answer, body []byte) Answer {
	a.Class, a.Code, a.InDoubt, a.Message = Again, job.ItemBadAnswer, true, "the answer is not JSON"
	if isPage(string(body)) {
		a.Report.Verdict, a.Message = pace.Out, "the answer is a web page"
	}
	return a
}

// leadsTo names the host that a redirect leads to, and nothing more of its address, which may hold a secret.
func leadsTo(resp *http.Response) string {
	from, to := resp.Request.URL, resp.Header.Get("Location")
	if to == "" {
		return fmt.Sprintf("answered %d without saying where it leads", resp.StatusCode)
	}
	u, err := from.Parse(to)
	switch {
	case err != nil || u.Host == "":
		return fmt.Sprintf("answered %d and leads elsewhere", resp.StatusCode)
	case u.Host == from.Host && u.Scheme == from.Scheme:
		return fmt.Sprintf("answered %d and leads to another path of %s", resp.StatusCode, u.Host)
	}
	return fmt.Sprintf("answered %d and leads to %s://%s", resp.StatusCode, u.Scheme, u.Host)
}

func answered(status int) string {
	if text := http.StatusText(status); text != "" {
		return fmt.Sprintf("answered %d %s", status, text)
	}
	return fmt.Sprintf("answered %d", status)
}
