package dataset

import (
	"strconv"
	"strings"
	"time"
)

// parse returns the statement with a ? for each named value, and their names in order. What stands in '…' is a text.
func (e Effect) parse() (sql string, names []string) {
	var b strings.Builder
	s := string(e)
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			end := strings.IndexByte(s[i+1:], '\'')
			if end < 0 {
				end = len(s) - i - 2
			}
			b.WriteString(s[i : i+end+2])
			i += end + 1
		case s[i] == ':' && i+1 < len(s) && isNameByte(s[i+1]):
			end := i + 1
			for end < len(s) && isNameByte(s[end]) {
				end++
			}
			b.WriteByte('?')
			names = append(names, s[i+1:end])
			i = end - 1
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), names
}

// Effects are the statements of [Sync.Save] for an item that has succeeded, to be carried out in their order. Arguments are
// int64 for whole numbers, [time.Time] in UTC for instants, else string, and nil for an empty number or instant.
func (k Sync) Effects(item SyncItem, a SyncAnswer, sellerID int64, now time.Time) []Statement {
	statements := make([]Statement, len(k.Save))
	for i, e := range k.Save {
		sql, names := e.parse()
		args := make([]any, len(names))
		for j, name := range names {
			switch name {
			case "seller_id":
				args[j] = sellerID
			case "now":
				args[j] = now.UTC()
			case "remote_id":
				args[j] = a.RemoteID
			default:
				args[j] = k.argument(name, item, a)
			}
		}
		statements[i] = Statement{SQL: sql, Args: args}
	}
	return statements
}

// argument is the value of a field or an answer as a statement takes it.
func (k Sync) argument(name string, item SyncItem, a SyncAnswer) any {
	if at := k.Rows().field(name); at >= 0 {
		return argument(k.Fields[at].Type, item.Fields[name])
	}
	for _, answer := range k.Call.Answers {
		if answer.Name == name {
			return argument(answer.Type, a.Values[name])
		}
	}
	return nil
}

// argument reads plain notation. What is none of its type is stored nowhere: it is NULL.
func argument(t FieldType, plain string) any {
	switch t {
	case FieldInteger:
		if n, err := strconv.ParseInt(plain, 10, 64); err == nil {
			return n
		}
		return nil
	case FieldDecimal:
		if plain == "" {
			return nil
		}
	case FieldInstant:
		if t, err := time.Parse(time.RFC3339Nano, plain); err == nil {
			return t.UTC()
		}
		return nil
	}
	return plain
}
