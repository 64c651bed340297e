package resources

import (
	"errors"
	"fmt"
	"strconv"
)

// isBare reports whether c may stand in a name, and in any other text without
// quotes.
func isBare(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c) || c == '_' || c == '/' || c == '.' || c == '-'
}

func bareLength(s string) int {
	n := 0
	for n < len(s) && isBare(s[n]) {
		n++
	}
	return n
}

// appendWord appends s, in quotes where it is more than a bare word.
func appendWord(b []byte, s string) []byte {
	if s != "" && bareLength(s) == len(s) {
		return append(b, s...)
	}
	return strconv.AppendQuote(b, s)
}

// scanner walks over a text.
type scanner struct {
	text string
	pos  int
}

func (s *scanner) rest() string { return s.text[s.pos:] }

// done skips white space and reports whether nothing else is left.
func (s *scanner) done() bool { return s.peek() == 0 && s.pos == len(s.text) }

// peek skips white space and returns what follows, 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// accept consumes c where it is next.
func (s *scanner) accept(c byte) bool {
	if s.peek() != c || s.pos == len(s.text) {
		return false
	}
	s.pos++
	return true
}

// acceptText consumes t where it is next.
func (s *scanner) acceptText(t string) bool {
	s.peek()
	if len(s.rest()) < len(t) || s.rest()[:len(t)] != t {
		return false
	}
	s.pos += len(t)
	return true
}

func (s *scanner) expect(c byte, what string) error {
	if s.accept(c) {
		return nil
	}
	return fmt.Errorf("%s: want %q", s.found(what), c)
}

// found describes what stands after something: "} after the role".
func (s *scanner) found(after string) string {
	if s.done() {
		return "nothing after " + after
	}
	for _, c := range s.rest() {
		return fmt.Sprintf("%q after %s", c, after)
	}
	return ""
}

// bare consumes the longest bare word, which may be empty.
func (s *scanner) bare() string {
	s.peek()
	word := s.text[s.pos : s.pos+bareLength(s.rest())]
	s.pos += len(word)
	return word
}

// word consumes a bare or a quoted word.
func (s *scanner) word(what string) (string, error) {
	if s.peek() != '"' {
		if word := s.bare(); word != "" {
			return word, nil
		}
		return "", errors.New(what + " is missing: want letters, digits and _ / . - or a quoted text")
	}
	quoted, err := strconv.QuotedPrefix(s.rest())
	if err != nil {
		return "", fmt.Errorf("%s %s has no end of its quotes or a bad escape", what, excerpt(s.rest()))
	}
	s.pos += len(quoted)
	return strconv.Unquote(quoted)
}
