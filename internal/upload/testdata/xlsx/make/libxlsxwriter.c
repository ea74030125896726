/* cc libxlsxwriter.c -lxlsxwriter && ./a.out OUT   (libxlsxwriter-dev) */
#include <xlsxwriter.h>

static void moment(lxw_workbook *wb, lxw_worksheet *ws, int col, lxw_datetime when, const char *code) {
    lxw_format *f = workbook_add_format(wb);
    format_set_num_format(f, code);
    worksheet_write_datetime(ws, 2, col, &when, f);
}

int main(int argc, char **argv) {
    lxw_workbook *wb = workbook_new(argv[1]);
    lxw_worksheet *ws = workbook_add_worksheet(wb, "Orders");
    const char *texts[] = {"id", "상품 & <name>", " padded ", "line\nbreak", "😀", "_x0041_"};
    double numbers[] = {1, 0.1, -1234.5, 123456789012345, 1e-10, 1.5e20};
    for (int i = 0; i < 6; i++) {
        worksheet_write_string(ws, 0, i, texts[i], NULL);
        worksheet_write_number(ws, 1, i, numbers[i], NULL);
    }
    moment(wb, ws, 0, (lxw_datetime){2024, 2, 29, 0, 0, 0}, "yyyy-mm-dd");
    moment(wb, ws, 1, (lxw_datetime){2024, 2, 29, 7, 45, 0}, "yyyy-mm-dd hh:mm");
    moment(wb, ws, 2, (lxw_datetime){0, 0, 0, 7, 44, 59}, "hh:mm:ss");
    lxw_format *elapsed = workbook_add_format(wb);
    format_set_num_format(elapsed, "[h]:mm");
    worksheet_write_number(ws, 2, 3, 36.5 / 24, elapsed);
    moment(wb, ws, 4, (lxw_datetime){1999, 12, 31, 0, 0, 0}, "mm-dd-yy");
    worksheet_write_boolean(ws, 3, 0, 1, NULL);
    worksheet_write_boolean(ws, 3, 1, 0, NULL);
    worksheet_write_formula_num(ws, 3, 3, "=1+1", NULL, 2);
    worksheet_write_formula_str(ws, 3, 4, "=\"a\"&\"b\"", NULL, "ab");
    lxw_format *bold = workbook_add_format(wb);
    format_set_bold(bold);
    lxw_rich_string_tuple one = {.format = bold, .string = "bold"}, two = {.format = NULL, .string = " and plain"};
    lxw_rich_string_tuple *runs[] = {&one, &two, NULL};
    worksheet_write_rich_string(ws, 6, 0, runs, NULL);
    worksheet_write_string(ws, 6, 2, "after a gap", NULL);
    worksheet_merge_range(ws, 7, 0, 7, 2, "merged", NULL);
    worksheet_write_string(ws, 8, 0, "hidden row", NULL);
    lxw_row_col_options options = {.hidden = 1};
    worksheet_set_row_opt(ws, 8, LXW_DEF_ROW_HEIGHT, NULL, &options);
    lxw_worksheet *hidden = workbook_add_worksheet(wb, "Hidden");
    worksheet_write_string(hidden, 0, 0, "x", NULL);
    worksheet_hide(hidden);
    workbook_add_worksheet(wb, "Empty");
    worksheet_write_string(workbook_add_worksheet(wb, "Second"), 1, 1, "two", NULL);
    return workbook_close(wb);
}
