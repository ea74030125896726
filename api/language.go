package api

import "golang.org/x/text/language"

// Language is part of inputs whose answers are in words; exported because huma does not look into embedded structs
// that are not.
type Language struct {
	Locale         string `query:"locale" enum:"ko,en" doc:"Default the first of these in Accept-Language, else ko"`
	AcceptLanguage string `header:"Accept-Language" maxLength:"1000"`
}

// locale is the one asked for, else the one the client likes best, else Korean.
func (l Language) locale() string {
	if l.Locale != "" {
		return l.Locale
	}
	locales := []string{"ko", "en"}
	_, i := language.MatchStrings(language.NewMatcher([]language.Tag{language.Korean, language.English}), l.AcceptLanguage)
	return locales[i]
}
