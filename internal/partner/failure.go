package partner

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/longhaul/longhaul/internal/pace"
	"github.com/longhaul/longhaul/job"
)

// errTooLong is the error of an answer that does not end.
var errTooLong = errors.New("the answer is longer than 1 MiB")

// failure classes an exchange that brought no whole answer.
type failure struct {
	within  string // how long it might take
	secrets []string
}

func (f failure) answer(ctx context.Context, x *exchange, err error) Answer {
	a := f.class(ctx, x, err)
	a.InDoubt = x.sent.Load()
	a.Err = &exchangeError{clean(err.Error(), f.secrets), err}
	return a
}

// exchangeError is an error of net/http's without what it quotes of an answer that may repeat our credentials.
type exchangeError struct {
	text string
	err  error
}

func (e *exchangeError) Error() string { return e.text }

func (e *exchangeError) Unwrap() error { return e.err }

func (f failure) class(ctx context.Context, x *exchange, err error) Answer {
	again := func(code job.ItemCode, verdict pace.Verdict, message string) Answer {
		return Answer{Class: Again, Code: code, Message: message, Report: pace.Report{Verdict: verdict}}
	}
	astray := func(message string) Answer {
		// No word about the partner: it was not asked.
		return Answer{Class: Astray, Code: job.ItemUnavailable, Message: message, Report: pace.Report{Verdict: pace.Unknown}}
	}
	if refused, ok := asRefused(err); ok {
		return astray(refused.Error())
	}
	dropped := errors.Is(context.Cause(ctx), errDropped)
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) && !dropped:
		return again(job.ItemUnavailable, pace.Unknown, "the call was ended here")
	case isTimeout(ctx, err) && !dropped:
		return again(job.ItemTimedOut, pace.Out, f.late(x))
	case errors.As(err, &certificate):
		return astray("the partner's certificate is not accepted: " + certificateFault(certificate))
	case errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/":
		return astray("the partner's URL says https, and its server does not speak it")
	case errors.Is(err, errTooLong):
		return again(job.ItemBadAnswer, pace.Answered, errTooLong.Error())
	case x.answered.Load() && !isNetwork(err):
		return again(job.ItemBadAnswer, pace.Out, "the answer is not HTTP, or not whole")
	case x.answered.Load():
		return again(job.ItemUnavailable, pace.Out, "the connection ended before the answer did")
	case x.reached:
		return again(job.ItemUnavailable, pace.Out, errDropped.Error())
	}
	return again(job.ItemUnavailable, pace.Out, unreached(err))
}

// late says what had not come when the time was over.
func (f failure) late(x *exchange) string {
	switch {
	case !x.reached:
		return "no connection came about in time"
	case x.answered.Load():
		return "the answer was not complete " + f.within
	}
	return "no answer " + f.within
}

func isTimeout(ctx context.Context, err error) bool {
	var network net.Error
	return errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &network) && network.Timeout()
}

// isNetwork tells an ended connection from an answer that cannot be understood.
func isNetwork(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, errEnded)
}

// unreached says why there was no connection, without addresses of ours.
func unreached(err error) string {
	var name *net.DNSError
	var alert tls.AlertError
	switch {
	case errors.As(err, &name):
		return "the partner's host name was not found"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the partner's host refuses connections"
	case errors.As(err, &alert), errors.As(err, new(tls.RecordHeaderError)):
		return "no secure connection came about"
	}
	return "no connection came about"
}

// certificateFault says what is wrong with a certificate, in words of ours.
func certificateFault(err *tls.CertificateVerificationError) string {
	var host x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &host):
		return "it is for another host"
	case errors.As(err, &authority):
		return "its authority is not known here"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "it has expired, or is not valid yet"
	}
	return "it is not valid"
}
