// Slack's emoji short codes that people and incident apps use most.

const TABLE = `
+1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 white_check_mark ✅ heavy_check_mark ✔️ ballot_box_with_check ☑️ x ❌ negative_squared_cross_mark ❎
eyes 👀 raised_hands 🙌 pray 🙏 clap 👏 tada 🎉 rocket 🚀 fire 🔥 100 💯 heart ❤️ wave 👋 ok_hand 👌 muscle 💪 point_right 👉 point_left 👈
point_up ☝️ point_down 👇 raised_hand ✋ hand ✋ handshake 🤝 writing_hand ✍️ v ✌️ crossed_fingers 🤞 brain 🧠
grinning 😀 smiley 😃 smile 😄 grin 😁 laughing 😆 sweat_smile 😅 joy 😂 rolling_on_the_floor_laughing 🤣 slightly_smiling_face 🙂 upside_down_face 🙃
wink 😉 blush 😊 innocent 😇 heart_eyes 😍 star-struck 🤩 relieved 😌 stuck_out_tongue 😛 thinking_face 🤔 face_with_monocle 🧐 neutral_face 😐
expressionless 😑 no_mouth 😶 smirk 😏 unamused 😒 face_with_rolling_eyes 🙄 grimacing 😬 sleeping 😴 sleepy 😪 mask 😷 exploding_head 🤯
sunglasses 😎 nerd_face 🤓 confused 😕 worried 😟 slightly_frowning_face 🙁 open_mouth 😮 astonished 😲 flushed 😳 pleading_face 🥺 cry 😢 sob 😭
scream 😱 disappointed 😞 sweat 😓 weary 😩 tired_face 😫 triumph 😤 rage 😡 angry 😠 skull 💀 poop 💩 hankey 💩 ghost 👻 robot_face 🤖 see_no_evil 🙈
party_parrot 🦜 bug 🐛 cat 🐱 dog 🐶 unicorn_face 🦄 penguin 🐧 bee 🐝 honeybee 🐝
warning ⚠️ rotating_light 🚨 traffic_light 🚥 vertical_traffic_light 🚦 no_entry ⛔ no_entry_sign 🚫 octagonal_sign 🛑 construction 🚧 exclamation ❗ heavy_exclamation_mark ❗ question ❓ grey_question ❔ bangbang ‼️
bell 🔔 no_bell 🔕 loudspeaker 📢 mega 📣 speech_balloon 💬 thought_balloon 💭 hourglass ⌛ hourglass_flowing_sand ⏳ stopwatch ⏱️ alarm_clock ⏰ clock1 🕐 clock3 🕒 calendar 📅 date 📅 spiral_calendar_pad 🗓️
red_circle 🔴 large_orange_circle 🟠 large_yellow_circle 🟡 large_green_circle 🟢 large_blue_circle 🔵 large_purple_circle 🟣 white_circle ⚪ black_circle ⚫
large_red_square 🟥 large_orange_square 🟧 large_yellow_square 🟨 large_green_square 🟩 large_blue_square 🟦 white_large_square ⬜ black_large_square ⬛
small_blue_diamond 🔹 small_orange_diamond 🔸 large_blue_diamond 🔷 radio_button 🔘
arrow_right ➡️ arrow_left ⬅️ arrow_up ⬆️ arrow_down ⬇️ arrow_forward ▶️ arrow_backward ◀️ arrows_counterclockwise 🔄 leftwards_arrow_with_hook ↩️ repeat 🔁
fast_forward ⏩ rewind ⏪ double_vertical_bar ⏸️ black_square_for_stop ⏹️ heavy_plus_sign ➕ heavy_minus_sign ➖ information_source ℹ️
one 1️⃣ two 2️⃣ three 3️⃣ four 4️⃣ five 5️⃣ six 6️⃣ seven 7️⃣ eight 8️⃣ nine 9️⃣ zero 0️⃣ keycap_ten 🔟
fire_engine 🚒 ambulance 🚑 fire_extinguisher 🧯 police_car 🚓 firefighter 🧑‍🚒 sos 🆘 new 🆕 ok 🆗 up 🆙 top 🔝 soon 🔜
lock 🔒 unlock 🔓 key 🔑 shield 🛡️ wrench 🔧 hammer 🔨 hammer_and_wrench 🛠️ gear ⚙️ nut_and_bolt 🔩 link 🔗 paperclip 📎 pushpin 📌 round_pushpin 📍 scissors ✂️
memo 📝 pencil 📝 pencil2 ✏️ clipboard 📋 page_facing_up 📄 scroll 📜 books 📚 notebook 📓 ledger 📒 newspaper 📰 book 📖 bookmark 🔖 label 🏷️ file_folder 📁 open_file_folder 📂 card_index_dividers 🗂️ wastebasket 🗑️ package 📦 inbox_tray 📥 outbox_tray 📤
mag 🔍 mag_right 🔎 bar_chart 📊 chart_with_upwards_trend 📈 chart_with_downwards_trend 📉 bulb 💡 electric_plug 🔌 battery 🔋 computer 💻 desktop_computer 🖥️ satellite_antenna 📡 floppy_disk 💾 cd 💿
telephone_receiver 📞 phone ☎️ email 📧 envelope ✉️ incoming_envelope 📨 movie_camera 🎥 video_camera 📹 camera 📷 film_frames 🎞️ microphone 🎤
star ⭐ star2 🌟 sparkles ✨ zap ⚡ boom 💥 dart 🎯 trophy 🏆 medal 🏅 first_place_medal 🥇 crown 👑 gift 🎁 balloon 🎈 checkered_flag 🏁 triangular_flag_on_post 🚩 white_flag 🏳️ rainbow 🌈
sunny ☀️ cloud ☁️ rain_cloud 🌧️ thunder_cloud_and_rain ⛈️ snowflake ❄️ ocean 🌊 droplet 💧 earth_africa 🌍 earth_americas 🌎 earth_asia 🌏 globe_with_meridians 🌐 crescent_moon 🌙
coffee ☕ tea 🍵 beer 🍺 pizza 🍕 cake 🍰 doughnut 🍩 taco 🌮 popcorn 🍿 cookie 🍪
house 🏠 office 🏢 hospital 🏥 factory 🏭 airplane ✈️ car 🚗 ship 🚢 bust_in_silhouette 👤 busts_in_silhouette 👥 technologist 🧑‍💻 male-technologist 👨‍💻 female-technologist 👩‍💻 detective 🕵️ bow 🙇 facepalm 🤦 shrug 🤷 man-shrugging 🤷‍♂️ woman-shrugging 🤷‍♀️ runner 🏃 ear 👂
broken_heart 💔 orange_heart 🧡 yellow_heart 💛 green_heart 💚 blue_heart 💙 purple_heart 💜 black_heart 🖤 salt 🧂 herb 🌿 seedling 🌱 four_leaf_clover 🍀 test_tube 🧪 microscope 🔬 dna 🧬 pill 💊 syringe 💉 adhesive_bandage 🩹 stethoscope 🩺
`;

const words = TABLE.trim().split(/\s+/);
export const EMOJI = new Map();
for (let i = 0; i < words.length; i += 2) EMOJI.set(words[i], words[i + 1]);

const TONES = ["", "", "🏻", "🏼", "🏽", "🏾", "🏿"];

/** The character of a short code ("tada", "+1::skin-tone-3"), or null when it is not in the table. */
export function emoji(name) {
  const [base, tone] = name.split("::skin-tone-");
  const char = EMOJI.get(base);
  return char ? char.replace("\uFE0F", tone ? "" : "\uFE0F") + (tone ? TONES[tone] ?? "" : "") : null;
}

export function findEmoji(query, limit = 60) {
  const q = query.toLowerCase().replace(/^:|:$/g, "");
  const names = [...EMOJI.keys()];
  return [...names.filter((n) => n.startsWith(q)), ...names.filter((n) => n.indexOf(q) > 0)].slice(0, limit);
}

export const SHORTCODE = /:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/;

/** Plain text with its short codes as characters. */
export const withEmoji = (text) => text.replace(new RegExp(SHORTCODE, "g"), (code, name) => emoji(name) ?? code);
