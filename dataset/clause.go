package dataset

import (
	"slices"
	"strings"
)

// clause is what one has to know of a piece of SQL in order to combine it with others.
type clause struct {
	// refers holds the aliases that stand before a dot and are not declared in the piece itself.
	refers []string
	// values counts the placeholders.
	values int
}

// readClause looks for `alias.` and `?` outside of string literals. It knows just enough SQL for the
// catalogue: literals in '…', plain identifiers, and sub-queries that declare aliases after FROM and JOIN.
func readClause(sql string) clause {
	var c clause
	var own []string
	words := splitWords(sql)
	for i, w := range words {
		switch {
		case w == "?":
			c.values++
		case isOneOf(w, "FROM", "JOIN"):
			own = append(own, declared(words[i+1:])...)
		case isName(w) && i+1 < len(words) && words[i+1] == "." && !slices.Contains(c.refers, w):
			c.refers = append(c.refers, w)
		}
	}
	c.refers = slices.DeleteFunc(c.refers, func(a string) bool { return slices.Contains(own, a) })
	return c
}

// declared returns the names by which the table that begins at words may be referred to: "stock_levels s",
// "stock_levels AS s" or just "stock_levels".
func declared(words []string) []string {
	if len(words) == 0 || !isName(words[0]) {
		return nil
	}
	table, rest := words[0], words[1:]
	if len(rest) > 0 && isOneOf(rest[0], "AS") {
		rest = rest[1:]
	}
	if len(rest) > 0 && isName(rest[0]) && !isOneOf(rest[0], "ON", "WHERE", "JOIN", "LEFT", "CROSS", "INNER", "GROUP", "ORDER", "LIMIT") {
		return []string{rest[0]}
	}
	return []string{table}
}

// splitWords splits SQL into names and single other characters; spaces and string literals are dropped.
func splitWords(sql string) []string {
	var words []string
	for i := 0; i < len(sql); {
		end := i + 1
		switch {
		case isSpace(sql[i]):
			i = end
			continue
		case sql[i] == '\'':
			if n := strings.IndexByte(sql[end:], '\''); n >= 0 {
				i = end + n + 1 // '' within a literal reads as two literals, which is as good
				continue
			}
		case isNameByte(sql[i]):
			for end < len(sql) && isNameByte(sql[end]) {
				end++
			}
		}
		words = append(words, sql[i:end])
		i = end
	}
	return words
}

func isOneOf(word string, keywords ...string) bool {
	return slices.ContainsFunc(keywords, func(k string) bool { return strings.EqualFold(k, word) })
}

func isName(word string) bool { return isNameByte(word[0]) && (word[0] < '0' || word[0] > '9') }

func isNameByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z'
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }
