package store

// Changes gathers what a core has changed until its owner writes it. The zero
// value has none.
type Changes struct{ pending map[string][]byte }

// Set has a record written, in place of an earlier change of the same key. A
// nil value deletes it.
func (c *Changes) Set(key string, value []byte) {
	if c.pending == nil {
		c.pending = make(map[string][]byte)
	}
	c.pending[key] = value
}

// Take returns what has been gathered since the last call, nil for nothing.
func (c *Changes) Take() map[string][]byte {
	taken := c.pending
	c.pending = nil
	return taken
}
