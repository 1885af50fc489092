/** What a user can show. The order decides between equals. */
export const emotions = ['anger', 'fear', 'sadness', 'gratitude', 'joy', 'surprise'] as const

export type Emotion = (typeof emotions)[number]

/** Words that show an emotion by themselves (`strong`), and words that hint at one (`weak`). `*`: any ending. */
export const emotionWords: Readonly<Record<Emotion, { readonly strong: string; readonly weak: string }>> = {
  anger: {
    strong: `angry, angrily, furious, fuming, livid, outrag*, enraged, infuriat*, pissed, pissed off, seething,
      mad at, so mad, disgust*, unacceptable, disgrace*, scandal*, appalling, ridiculous, joke of a, what a joke,
      sick of, sick and tired, fed up, had enough, hate this, hate your, hate you, rip off, ripoff, scam*,
      how dare, shame on, wtf, bullshit, bloody useless, liars, thieves, never again, last straw, insult*,
      气死, 气愤, 愤怒, 生气, 火大, 恼火, 发火, 怒了, 气炸了, 可恶, 可恨, 无耻, 混蛋, 王八蛋, 滚蛋, 骗子, 骗人, 坑人, 太坑,
      欺骗, 忽悠, 恶心, 受够了, 忍无可忍, 岂有此理, 太过分, 过分了, 不要脸, 黑心, 无良, 坑爹, 搞什么, 什么玩意,
      什么态度, 再也不, 投诉你们, 耍我, 😡, 🤬, 😠, 💢`,
    weak: `annoy*, irritat*, frustrat*, terrible, awful, worst, useless, rude, incompetent, pathetic, lied, lying,
      stupid, damn, wast* my time, waste of time, still not, again and again, how many times, for the third time,
      垃圾, 烦死, 好烦, 烦人, 很烦, 很不满, 非常不满, 无语, 差劲, 太差, 敷衍, 推卸, 踢皮球, 离谱, 态度差, 态度恶劣, 浪费时间, 第三次, 多少次, 😤, 🙄`,
  },
  fear: {
    strong: `worried, worrying, anxious, anxiety, afraid, scared, scary, terrif*, frightened, panic*, nervous, alarmed,
      dread*, freaking out, 担心, 担忧, 害怕, 恐慌, 慌了, 好慌, 焦虑, 不安, 吓死, 吓到, 吓坏, 可怕, 恐怖, 提心吊胆, 😨, 😰, 😱, 😟`,
    weak: `worry, worries, concern*, uneasy, fear, hacked, stolen, fraud*, unsafe, dangerous, suspicious,
      怕是, 生怕, 盗刷, 被盗, 不安全, 危险, 可疑, 不放心`,
  },
  sadness: {
    strong: `sad, sadly, sadden*, heartbroken, heartbreaking, depressed, depressing, devastated, miserable, crying,
      in tears, so upset, very upset, let down, gutted, disappoint*, hopeless, unhappy,
      难过, 伤心, 悲伤, 心碎, 难受, 想哭, 哭了, 大哭, 沮丧, 失望, 绝望, 不高兴, 不开心, 心寒, 寒心, 委屈, 郁闷, 😢, 😭, 😞, 😔, 💔, ☹, 🙁`,
    weak: `not happy, not pleased, not satisfied, upset, shame, pity, regret*, miss you, unfortunate*, ruined, lost hope, 遗憾, 可惜, 后悔, 无奈, 唉, 扫兴, 泪, 😕, 😥`,
  },
  gratitude: {
    strong: `thank you so much, thanks so much, thank you very much, thanks a lot, thanks a million, many thanks, grateful,
      thankful, much appreciated, really appreciate, appreciate it, appreciate your, i appreciate, tysm, bless you,
      lifesaver, 非常感谢, 太感谢, 十分感谢, 万分感谢, 感激, 感恩, 多谢了, 谢谢你们, 太谢谢, 辛苦了`,
    weak: `thank you, thanks, thx, cheers, ty, appreciate*, kind of you, 谢谢, 感谢, 多谢, 谢了, 谢啦, 🙏`,
  },
  joy: {
    strong: `love it, love this, love the, love my, loved it, loving it, delighted, thrilled, overjoyed, so happy, very happy,
      really happy, ecstatic, excited, cant wait, over the moon, made my day, best ever, yay*, hooray, wonderful,
      amazing, fantastic, awesome, brilliant, 开心, 高兴, 快乐, 太棒了, 太好了, 好开心, 喜欢死, 超喜欢, 非常喜欢, 爱了, 爱死,
      幸福, 激动, 惊艳, 满意极了, 非常满意, 哈哈哈, 万岁, 😀, 😁, 😄, 😃, 😍, 🥰, 🤩, 🥳, 🎉, ❤, 💕`,
    weak: `happy, glad, pleased, great, lovely, perfect, excellent, enjoy*, fun, nice, beautiful, haha*, love,
      喜欢, 满意, 不错, 很棒, 真棒, 完美, 愉快, 哈哈, 赞, 好评, 😊, 🙂, 😂, 👍, 😘`,
  },
  surprise: {
    strong: `surpris*, astonish*, amazed, stunned, shocked, shocking, speechless, omg, oh my god, no way, wow*, unbelievable,
      cant believe, couldnt believe, out of nowhere, 惊讶, 吃惊, 震惊, 意外, 没想到, 居然, 竟然, 天哪, 我的天, 不敢相信,
      难以置信, 惊呆, 😮, 😲, 🤯, 😳`,
    weak: `unexpected*, what the, really?!, wait what, 怎么会, 哇, 咦`,
  },
}

/** How much a word presses, 0 to 1. */
export const urgentWords: readonly (readonly [weight: number, words: string])[] = [
  [
    0.7,
    `urgent*, emergency, emergencies, asap, a s a p, as soon as possible, life or death, 紧急, 十万火急, 急急急, 万分火急, 救命, 🆘, 🚨`,
  ],
  [
    0.55,
    `immediate*, right now, right away, straight away, this instant, at once, without delay, time sensitive, deadline,
    cannot wait, cant wait any longer, need it now, need this now, now!, hurry, hurry up, quickly please,
    马上, 立刻, 立即, 立马, 赶紧, 火速, 加急, 着急, 很急, 好急, 急用, 急需, 急死, 特急, 抓紧, 来不及, 等不及, 最后期限, 截止, ⏰`,
  ],
  [
    0.35,
    `critical, within the hour, end of day, eod,
    by tomorrow, before tomorrow, by noon, by monday, by tuesday, by wednesday, by thursday, by friday, by saturday,
    by sunday, before friday, before monday, before the weekend, in an hour, expires, expiring, running out of time,
    last day, still waiting, been waiting, waiting for days, waiting for hours, waiting for weeks, cant log in,
    locked out, down again, outage, nobody answers, no one answers, no one replies, third time,
    急, 快点, 快些, 尽快, 赶快, 速回, 催, 催一下, 今天之内, 今天内, 明天之前, 明天前, 天黑前, 下班前, 中午前,
    最后一天, 一直等, 等了好久, 还没到, 还没收到, 还不到, 怎么还没, 没人理, 没人回, 打不开, 登不上, 用不了, 快过期`,
  ],
  [0.2, `soon, today, tonight, this morning, this afternoon, this evening, 今天, 今晚, 等了`],
]

/** Whoever says so is in no hurry, whatever else is said. */
export const calmWords = `no rush, no hurry, not urgent, isnt urgent, not an emergency, not in a hurry, take your time,
  whenever you, whenever you can, when you have time, when you get a chance, nothing urgent, at your leisure,
  不急, 不着急, 不用急, 不赶, 慢慢来, 有空, 有时间再, 不用马上, 不用加急, 不紧急, 方便的时候`
