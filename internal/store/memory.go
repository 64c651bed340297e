package store

import (
	"context"
	"maps"
	"sync"
)

// Memory keeps records for as long as it lives. The zero value is empty.
type Memory struct {
	mu      sync.Mutex
	records map[string][]byte
	closed  bool
}

// Load returns a copy of every record.
func (m *Memory) Load(ctx context.Context) (map[string][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(ctx); err != nil {
		return nil, err
	}
	records := make(map[string][]byte, len(m.records))
	for key, value := range m.records {
		records[key] = copied(value)
	}
	return records, nil
}

// Write puts and deletes records, all of them or none.
func (m *Memory) Write(ctx context.Context, changes map[string][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.ready(ctx); err != nil {
		return err
	}
	if err := Check(changes, MaxRecordSize); err != nil {
		return err
	}
	if m.records == nil {
		m.records = make(map[string][]byte, len(changes))
	}
	for key, value := range changes {
		if value == nil {
			delete(m.records, key)
			continue
		}
		m.records[key] = copied(value)
	}
	return nil
}

// copied never returns nil, which would be no record.
func copied(value []byte) []byte { return append([]byte{}, value...) }

func (m *Memory) ready(ctx context.Context) error {
	if m.closed {
		return ErrClosed
	}
	return context.Cause(ctx)
}

// Close ends the use of the store. The records are kept for Reopen.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

// Reopen closes the store and returns one with the same records, as a program
// that is started again finds them.
func (m *Memory) Reopen() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return &Memory{records: maps.Clone(m.records)}
}
