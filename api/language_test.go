package api

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAcceptLanguage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.jobs.put(saving("save-1"))
	for header, want := range map[string]string{
		"": "ko", "en": "en", "en-US,en;q=0.9,ko;q=0.8": "en", "ko-KR,ko;q=0.9,en;q=0.8": "ko", "de, en;q=0.5": "en",
		"fr": "ko", "*": "ko", "nonsense;;;": "ko", "en;q=0.1, ko;q=0.2": "ko",
	} {
		a := b.get(t, "/v1/jobs/save-1/items", "Accept-Language", header)
		assert.Equal(t, want, a.Header.Get("Content-Language"), header)
		assert.Equal(t, "Accept-Language", a.Header.Get("Vary"))
	}
}
