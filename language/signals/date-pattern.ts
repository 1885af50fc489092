const hanNumber = '[一二两三四五六七八九十〇零]{1,3}|\\d{1,2}'
const month =
  '(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\\.?'
const weekday = '(?:[Mm]on|[Tt]ues|[Ww]ednes|[Tt]hurs|[Ff]ri|[Ss]atur|[Ss]un)day'
const count = '(?:\\d{1,3}|a|one|two|three|four|five|six|seven|ten)'
const week = '(?:周|週|星期|礼拜|禮拜)'

/** Dates as people write them; the group is the date. */
export const datePattern = new RegExp(
  `(?<![\\d/.-])(${[
    '\\d{4}[-/]\\d{1,2}[-/]\\d{1,2}',
    '\\d{1,2}[/.]\\d{1,2}[/.]\\d{4}',
    `(?:(?:\\d{4}|[〇零一二三四五六七八九]{4})年)?(?:${hanNumber})月(?:${hanNumber})[日号號]`,
    `\\d{1,2}(?:st|nd|rd|th)?\\s(?:of\\s)?${month}(?:,?\\s\\d{4})?`,
    `${month}\\s\\d{1,2}(?:st|nd|rd|th)?(?:,?\\s\\d{4})?`,
    '(?:[Tt]he )?[Dd]ay (?:after tomorrow|before yesterday)',
    '\\b[Tt]omorrow\\b|\\b[Yy]esterday\\b|\\b[Tt]oday\\b|\\b[Tt]onight\\b',
    `\\b(?:[Nn]ext|[Ll]ast|[Tt]his|[Bb]y|[Bb]efore|[Uu]ntil|[Ss]ince) ${weekday}\\b`,
    `\\b[Ii]n ${count} (?:days?|weeks?)\\b|\\b${count} (?:days?|weeks?) (?:ago|from now)\\b`,
    '大?[后後前]天|[今明昨][天日晚]|明早|今早',
    `(?:上|下){1,2}个?${week}[一二三四五六日天]|[这這本]个?${week}[一二三四五六日天]`,
    `(?:${hanNumber})(?:天|个?${week})(?:以|之)?[后後前]`,
  ].join('|')})(?![\\d/-])`,
  'g',
)

/** Without one of these there is no date in a text. */
export const dateCue = /[\d天日号號周週期拜晚早]|[Dd]ay|[Tt]omorrow|[Tt]onight|[Ww]eek/
