package web_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/longhaul/longhaul/job"
	"github.com/longhaul/longhaul/starter"
)

// export is what a marketplace gives: many columns, long names and values, two that are alike and one without a name.
const export = "주문번호,상품주문번호,결제일,판매처,상품코드,상품명,옵션정보(색상/사이즈/각인문구/포장여부까지 모두 합친 값),주문수량,가격(원),구매자명,휴대폰,배송주소,배송메세지,비고,비고,\n" +
	`20240305-000123,2024030512345678,2024-03-05 14:30,스마트스토어,TS-BK-095,반팔 티셔츠 블랙 95 아주 긴 이름의 상품이라서 한 줄에 다 들어가지 않습니다,블랙/95/없음/선물포장,2,"12,900",홍길동,010-1234-5678,서울특별시 중구 세종대로 110,부재 시 문 앞,,,x` + "\n"

func TestSavesFitAndCanBeRead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	whole, err := s.Upload(t.Context(), starter.UploadRequest{Kind: "orders", Tenant: "acme", Name: "스마트스토어_주문전체_20240305_최종.csv"},
		bytes.NewReader([]byte(export)))
	if err != nil {
		t.Fatal(err)
	}
	gaps, err := s.Upload(t.Context(), starter.UploadRequest{Kind: "stock-levels", Tenant: "acme", Name: "count.csv"},
		bytes.NewReader([]byte("품번,몇 개\nA-1,3\n")))
	if err != nil {
		t.Fatal(err)
	}
	held := s.putSave("stock-levels", "acme", holding)
	s.sample(held, 60)
	done := s.putSave("stock-levels", "hanbit", saved)
	s.sample(done, 30)
	undo := s.putSave("orders", "hanbit", func(j *job.Job) {
		j.Request = []byte(`{"kind":"orders","tenant":"hanbit","undo":"` + done + `"}`)
		undone(j)
	})
	stale := s.putSave("orders", "long-name-fulfillment-center", outdated)
	s.putSave("tracking-numbers", "acme", saving(job.PhaseApplying, 350_000, 541_910, &job.Tally{Created: 350_000}))
	hero := func(id string) string {
		return fmt.Sprintf(`document.querySelector('.hero[data-job="%s"]') && document.querySelector(".facts-card")?.innerText.length > 40`, id)
	}
	fits(t, s, "bulk_save", []scene{
		{"saves", "#/", `document.querySelectorAll("tr[data-job]").length === 5 && document.querySelector(".expected")`},
		{"columns", "#/uploads/" + whole.ID, `document.querySelectorAll(".columns-of tbody tr").length > 10`},
		{"gaps", "#/uploads/" + gaps.ID, `document.querySelector("#gaps")`},
		{"held", "#/jobs/" + held, hero(held) + ` && document.querySelectorAll(".items tbody tr").length === 25`},
		{"saved", "#/jobs/" + done, hero(done) + ` && document.querySelectorAll(".items tbody tr").length === 25`},
		{"undone", "#/jobs/" + undo, hero(undo)},
		{"stale", "#/jobs/" + stale, hero(stale)},
	})
}
