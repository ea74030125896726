package dataset

import "unicode/utf8"

// nearest returns the known name that takes the fewest edits to reach, if they are few enough for it to
// be a slip: at most half the letters, which two swapped letters of "from" are.
func nearest(name string, known []string) (string, bool) {
	letters := utf8.RuneCountInString(name)
	if letters > 100 {
		return "", false // a slip is not that long, and the distance takes time quadratic in the length
	}
	best, fewest := "", letters/2+1
	for _, k := range known {
		if n := edits(name, k); n < fewest {
			best, fewest = k, n
		}
	}
	return best, best != ""
}

// edits is the Levenshtein distance: letters inserted, removed or replaced.
func edits(from, to string) int {
	a, b := []rune(from), []rune(to)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			replace := diagonal
			if x != y {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
