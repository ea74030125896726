package partner

import (
	"net/http"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/job"
)

// Classes lists every class.
var Classes = []Class{Done, Refused, Again, Slower, Denied, Astray}

// row is what a status means.
type row struct {
	Class   Class
	Code    job.ItemCode
	Verdict pace.Verdict
	// InDoubt tells that a call with this answer may have taken effect.
	InDoubt bool
}

// hundreds class the statuses that have no row of their own in [statuses].
var hundreds = [...]row{
	2: {Class: Done, InDoubt: true}, // in doubt where a partner's own table says that it is not done
	3: {Class: Astray, Code: job.ItemUnavailable},
	4: {Class: Refused, Code: job.ItemRejected},
	5: {Class: Again, Code: job.ItemUnavailable, Verdict: pace.Out, InDoubt: true},
}

// statuses class single statuses.
var statuses = map[int]row{
	http.StatusUnauthorized:            {Class: Denied, Code: job.ItemUnauthorised},
	http.StatusForbidden:               {Class: Denied, Code: job.ItemUnauthorised},
	http.StatusNotFound:                {Class: Refused, Code: job.ItemNotFound},
	http.StatusProxyAuthRequired:       {Class: Astray, Code: job.ItemUnavailable}, // somebody else answers
	http.StatusRequestTimeout:          {Class: Again, Code: job.ItemTimedOut, Verdict: pace.Out, InDoubt: true},
	http.StatusConflict:                {Class: Refused, Code: job.ItemConflict},
	http.StatusMisdirectedRequest:      {Class: Astray, Code: job.ItemUnavailable}, // the host is another's
	http.StatusLocked:                  {Class: Again, Code: job.ItemConflict},     // locks are for a time
	http.StatusTooEarly:                {Class: Again, Code: job.ItemUnavailable},
	http.StatusUpgradeRequired:         {Class: Astray, Code: job.ItemUnavailable}, // of the URL's scheme or version
	http.StatusTooManyRequests:         {Class: Slower, Code: job.ItemUnavailable, Verdict: pace.Throttled},
	http.StatusNotImplemented:          {Class: Refused, Code: job.ItemRejected}, // it never will
	http.StatusHTTPVersionNotSupported: {Class: Refused, Code: job.ItemRejected},
}

// strange classes what is no status of HTTP, or one that comes before the answer.
var strange = row{Class: Again, Code: job.ItemBadAnswer, InDoubt: true}

// ofClass is what a class means that a partner's own table gives to a status.
var ofClass = map[Class]row{
	Done:    {Class: Done},
	Refused: {Class: Refused, Code: job.ItemRejected},
	Again:   {Class: Again, Code: job.ItemUnavailable},
	Slower:  {Class: Slower, Code: job.ItemUnavailable, Verdict: pace.Throttled},
	Denied:  {Class: Denied, Code: job.ItemUnauthorised},
	Astray:  {Class: Astray, Code: job.ItemUnavailable},
}

// classify looks a status up, in the partner's own table first.
func classify(status int, own map[int]Class) row {
	usual, found := statuses[status]
	if !found {
		usual = strange
		if h := status / 100; h >= 2 && h < len(hundreds) {
			usual = hundreds[h]
		}
	}
	class, found := own[status]
	if !found || class == usual.Class {
		return usual
	}
	r := ofClass[class]
	if (class == Refused || class == Again) && (usual.Code == job.ItemNotFound || usual.Code == job.ItemConflict) {
		r.Code = usual.Code // which says more
	}
	r.InDoubt = class == Again && usual.InDoubt
	return r
}
