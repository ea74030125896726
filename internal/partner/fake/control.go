package fake

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// control answers what is asked of the fake, which is not in its records.
func (s *Server) control(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	switch r.Method + " " + strings.TrimSuffix(r.URL.Path, "/") {
	case "GET /_behaviour":
		goodJSON(http.StatusOK, s.Behaviour()).send(w)
	case "PUT /_behaviour":
		s.behave(w, r, func(Behaviour) Behaviour { return Behaviour{} })
	case "PATCH /_behaviour":
		s.behave(w, r, func(now Behaviour) Behaviour { return now })
	case "GET /_seen":
		s.show(w, r)
	case "DELETE /_seen":
		s.Reset()
		w.WriteHeader(http.StatusNoContent)
	default:
		refuse(http.StatusNotFound, "there is nothing here", "").send(w)
	}
}

func (s *Server) behave(w http.ResponseWriter, r *http.Request, from func(Behaviour) Behaviour) {
	err := s.alter(func(now Behaviour) (Behaviour, error) {
		b := from(now)
		err := json.NewDecoder(r.Body).Decode(&b)
		return b, err
	})
	if err != nil {
		refuse(http.StatusUnprocessableEntity, err.Error(), "").send(w)
		return
	}
	goodJSON(http.StatusOK, s.Behaviour()).send(w)
}

func (s *Server) show(w http.ResponseWriter, r *http.Request) {
	var closerThan time.Duration
	if q := r.URL.Query().Get("closer_than"); q != "" {
		var err error
		if closerThan, err = time.ParseDuration(q); err != nil {
			refuse(http.StatusUnprocessableEntity, "closer_than must be a duration, e.g. 95ms", "closer_than").send(w)
			return
		}
	}
	goodJSON(http.StatusOK, s.read(closerThan, r.URL.Query().Get("lists") != "no")).send(w)
}
