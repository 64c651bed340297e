// Package wire is the protobuf form of everything that passes between drivers,
// the master and agents, and of what they keep on disk.
//
// Each noun of package proffer and each value of package resources has a
// message, EncodeX makes it and DecodeX reads it; nothing gets lost on the way
// there and back. A nil pointer stays nil; an empty slice, map or byte slice
// comes back as nil where the two mean the same.
//
// Decoding trusts nobody. What is out of bounds, an enum value that is not
// known, an invalid id or resource is an error that names the field; nothing
// panics. Whether a description makes sense, such as a task with both a command
// and an executor, is for its receiver to judge, who has an answer to it.
//
// What was encoded shares slices and maps with its source: neither is changed.
//
// # Connections
//
// [Encode] puts a message into an envelope, which has the version of the
// protocol, the connection and a number; the decoders read it. An envelope of
// a newer version is refused ([ErrVersion]): its sender knows which versions its
// peers speak and goes by the oldest. What is added within a version may be
// left out without harm, and is skipped by those who do not know it.
//
// A connection carries messages at most once and in order. [Sender] numbers
// them, in each direction from 1, and [Receiver] delivers a number once, drops
// what it has seen, and finds the gap that a lost or overtaken one leaves. Then
// the connection is broken ([ErrBroken]), and what was under way on it may have
// arrived or not. Nothing is sent again on the connection itself: its two ends
// open another and tell each other what they know. An agent registers with its
// tasks and their newest statuses, and repeats what was not acknowledged; the
// master answers with what it wants to run, and a driver subscribes again and
// reconciles.
//
// Whoever has had nothing to say for [KeepaliveInterval] sends a keepalive, so
// that the last message before a silence is not lost unnoticed. A peer from whom
// nothing came for [DeadAfter] is dead, and the connection is broken too.
package wire

//go:generate protoc --proto_path=../.. --go_out=../.. --go_opt=module=github.com/proffer-go/proffer internal/wire/noun.proto internal/wire/message.proto
