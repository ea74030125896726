package seed

import "strings"

// oddNames are the product names that break spreadsheets, and programs that write them.
var oddNames = []string{
	"=1+1",
	"+82-10-1234-5678",
	"-5% 할인 세트",
	"@SUM(A1:A9)",
	"'작은따옴표로 시작",
	`"큰따옴표" & <꺾쇠> 머그컵`,
	"두 줄로 쓴\n상품명",
	"캐리지 리턴\r\n상품명",
	"탭\t구분 상품",
	"👩‍🚀 우주인 피규어 🇰🇷",
	"_x0041_ 그대로 남아야 하는 이름",
	"제어문자\x01가 든 이름",
	"  앞뒤에 공백이 있는 이름  ",
	strings.Repeat("아주 긴 상품명입니다 ", 27) + "끝", // 300 characters
	"0012345",
	"123456789012345678",
	"2026-01-02",
	"1E5",
	"TRUE",
	"1/2 인치 볼트",
	"한글 자모가 풀린 이름", // NFD, as file names from a Mac come
	"a,b;c|d",
}

var (
	koreanKinds = []string{
		"무선 이어폰", "텀블러", "겨울 장갑", "캠핑 의자", "기계식 키보드", "유기농 현미", "제주 감귤", "수분 크림",
		"강아지 간식", "고양이 모래", "아기 물티슈", "등산 양말", "LED 스탠드", "김치 왕만두", "국산 참기름", "요가 매트",
		"접이식 우산", "차량용 거치대", "보온 도시락", "면 티셔츠",
	}
	koreanKindsOf = []string{"프리미엄", "실속형", "휴대용", "대용량", "신상", "베스트", "친환경", "선물용"}
	englishKinds  = []string{
		"Cold Brew Coffee", "Pour-over Kettle", "Ceramic Dripper", "Paper Filters", "Oat Milk", "Travel Mug",
		"Espresso Beans", "Hand Grinder", "Tote Bag", "Digital Scale",
	}
	englishKindsOf = []string{"Single Origin", "Classic", "Limited", "Large", "Small Batch", "Organic"}
	options        = []string{"", "", "블랙", "화이트", "네이비 / L", "라지 (L)", "1+1", "2개입", "250 g", "색상: 빨강, 사이즈: M"}

	familyNames = []string{"김", "이", "박", "최", "정", "강", "조", "윤", "장", "임", "한", "오", "서", "신", "권", "남궁"}
	givenNames  = []string{"민준", "서연", "도윤", "지우", "하준", "서현", "은우", "수아", "예준", "하은", "시우", "윤서", "별", "우리"}
	englishNow  = []string{
		"Olivia Kim", "Liam O’Brien", "Noah Müller", "Emma García-López", "Zoë Smith", "D'Angelo Brown", "Anna  Double-Space", "李 小龍",
	}
	streets = []string{
		"서울특별시 강남구 테헤란로", "서울특별시 마포구 양화로", "부산광역시 해운대구 센텀중앙로", "경기도 성남시 분당구 판교역로",
		"인천광역시 연수구 송도과학로", "대전광역시 유성구 대학로", "제주특별자치도 제주시 첨단로",
	}
	memos = []string{
		"문 앞에 놓아 주세요", "경비실에 맡겨 주세요", "배송 전에 연락 바랍니다", "부재 시 문자 주세요 🙏", "초인종 누르지 마세요\n아기가 자요",
		"=HYPERLINK(\"http://example.com\",\"여기\")", "공동현관 비밀번호 #1234*", "-", "\"조심히\" 다뤄 주세요", "Leave at the front desk, please",
	}
	koreanChannels  = []string{"smartstore", "coupang", "11st", "gmarket", "own-mall"}
	englishChannels = []string{"amazon", "own-mall"}
	koreanCarriers  = []string{"CJ대한통운", "한진택배", "롯데택배", "우체국택배"}
	englishCarriers = []string{"UPS", "FedEx", "USPS"}
	warehouses      = []string{"ICN1", "YIN2", "PUS3"}
)
